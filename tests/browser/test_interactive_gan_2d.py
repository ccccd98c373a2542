"""The GAN that is trained in chapter 2's page: its gradients, its keys, its presets."""

import pytest

GAMES = ("saturating", "non-saturating", "least-squares", "hinge", "relativistic")
PICTURES = """() => Array.from(
  document.querySelectorAll(".interactive-gan-2d canvas"),
  canvas => canvas.toDataURL())"""
# Play a preset and give the mean pull on the made points at some of its steps.
PULLS = """([name, moments]) => {
  const { DATA, PRESETS, Players, look, real } = interactive.gan2d;
  const { rules } = PRESETS[name];
  const players = new Players({ seed: 1, ...PRESETS[name] });
  const reals = real(DATA.ring, interactive.random(98), new Float64Array(600));
  return moments.map((moment) => {
    while (players.steps < moment) players.step(rules);
    return look(players, rules, reals).mean;
  });
}"""


@pytest.fixture(scope="module")
def page(keep_figure):
    """Give chapter 2, scrolled to the figure, for a reader who wants no motion."""
    page, _ = keep_figure(
        "notebooks/02-adversarial-game.html", "gan-2d", reduced_motion="reduce"
    )
    page.locator("figure.interactive-live.interactive-gan-2d").wait_for()
    return page


def press(page, name, role="button"):
    """Focus a control of the figure by its name and press Enter."""
    figure = page.locator("figure.interactive-gan-2d")
    control = figure.get_by_role(role, name=name, exact=True)
    control.focus()
    page.keyboard.press("Enter")
    return control


def status(page):
    return page.locator("figure.interactive-gan-2d [role=status]").inner_text()


@pytest.mark.parametrize("gamma", [0, 0.5])
@pytest.mark.parametrize("game", GAMES)
def test_gradients_are_those_of_the_losses(page, game, gamma):
    script = f"() => interactive.gan2d.check({game!r}, {gamma})"
    generator, discriminator = page.evaluate(script)
    assert max(generator, discriminator) < 1e-9


def test_a_keyboard_plays_pauses_steps_and_restarts(page):
    first, start = page.evaluate(PICTURES), status(page)
    assert start.startswith("Seed 1, step 0:")
    page.wait_for_timeout(200)
    assert page.evaluate(PICTURES) == first, "it moved unasked"
    press(page, "Start")
    page.wait_for_timeout(400)
    press(page, "Pause")
    paused, told = page.evaluate(PICTURES), status(page)
    assert told.startswith("Seed 1, step ") and told != start
    assert all(a != b for a, b in zip(first, paused, strict=True))
    page.wait_for_timeout(200)
    assert page.evaluate(PICTURES) == paused
    press(page, "Restart")
    assert (page.evaluate(PICTURES), status(page)) == (first, start)
    press(page, "One step")
    assert status(page).startswith("Seed 1, step 1:")
    press(page, "Another seed")
    assert status(page).startswith("Seed 2, step 0:")


def test_presets_and_rules_are_set_by_keyboard(page):
    figure = page.locator("figure.interactive-gan-2d")
    game = figure.get_by_label("Game", exact=True)
    rate = figure.get_by_label("Rate of D", exact=True)
    game.focus()
    page.keyboard.press("ArrowDown")
    assert game.input_value() == "collapse"
    assert rate.get_attribute("aria-valuetext") == "0.00010"
    press(page, "One step")
    rate.focus()
    page.keyboard.press("ArrowRight")
    assert rate.get_attribute("aria-valuetext") == "0.00018"
    game.focus()
    page.keyboard.press("ArrowDown")
    assert game.input_value() == "collapseCure"
    assert rate.get_attribute("aria-valuetext") == "0.0010"
    assert ", step 1:" in status(page), "a cure goes on with the game that it finds"


def test_the_pull_vanishes_where_a_preset_says_so(page):
    before, after = page.evaluate(PULLS, ["vanish", [0, 300]])
    assert after < before / 20
