"""A photograph is restored in the page as by Python, offline and by keyboard."""

import importlib.util
import json
import re
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from gantools import collections, damage, photos, restoration

ROOT = Path(__file__).parents[2]
NAME = "book/restore-in-browser.html"
LIMIT = 3_000_000  # bytes of the first restoration, compressed
SLOW = 30  # seconds for 512 x 512; about two on an idle core, CI may be busy
WAIT = 240_000  # milliseconds

# Hand a file over as a browser does when it is dropped, or pasted.
HAND = """([how, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], "a.png", { type: "image/png" }));
  const stage = document.querySelector(".interactive-stage");
  const common = { bubbles: true, cancelable: true };
  stage.dispatchEvent(how === "drop"
    ? new DragEvent("drop", { dataTransfer: carried, ...common })
    : new ClipboardEvent("paste", { clipboardData: carried, ...common }));
}"""


def aged(name, seed, height, width, grey=False):
    """Give a damaged photograph, uint8 (height, width, C)."""
    pixels = photos.load(collections.picture(name)).pixels
    pixels = cv2.resize(pixels, (width, height)).clip(0, 1)
    if grey:
        pixels = pixels.mean(axis=2, keepdims=True)
    worn = damage.age(pixels.astype("float32"), np.random.default_rng(seed), 0.7)
    return np.rint(worn.damaged * 255).astype(np.uint8)


def as_file(pixels, name="old.png"):
    data = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
    return {"name": name, "mimeType": "image/png", "buffer": data}


@pytest.fixture(scope="module")
def restorer():
    """Give the restorer with the page's weights."""
    path = ROOT / "benchmarks/page_model.py"
    spec = importlib.util.spec_from_file_location("page_model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.for_page((module.PAGE / "weights.js").read_text(encoding="ascii"))


@pytest.fixture
def opened(browser):
    """Give a function that opens the page; nothing else can be reached."""
    contexts, faults = [], []

    def open_page(url, on=browser, script="", **look):
        context = on.new_context(accept_downloads=True, **look)
        context.add_init_script(script)
        contexts.append(context)
        own = url.removesuffix(NAME)

        def guard(route):
            if route.request.url.startswith((own, "data:", "blob:")):
                return route.continue_()
            faults.append(route.request.url)
            return route.abort()

        context.route("**/*", guard)
        page = context.new_page()
        page.set_default_timeout(WAIT if on is browser else 2 * WAIT)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.fetched = fetched = []
        page.on("response", lambda response: fetched.append(response))
        page.said = said = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(url)
        page.locator("figure.interactive-restore").scroll_into_view_if_needed()
        page.locator("#restore-file").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def status(page):
    return page.locator(".interactive-status").inner_text()


def wait_for(page, message):
    page.locator(".interactive-status", has_text=message).wait_for()


def finish(page, by="Web"):
    """Wait for a result; give the seconds that it took."""
    wait_for(page, re.compile("Done in|It failed|lacks|could not"))
    print(status(page))
    return float(re.search(rf"Done in ([\d.]+) seconds by {by}", status(page))[1])


def fetched(page):
    """Give the number of files, which are not too large."""
    sizes = [len(zlib.compress(r.body(), 9)) for r in page.fetched if r.ok]
    print(f"{sum(sizes):,} bytes, compressed, in {len(sizes)} files")
    assert sum(sizes) < LIMIT
    return len(sizes)


def downloaded(page):
    """Download what is shown, as PNG; give its pixels."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename.endswith("-restored.png")
    return photos.load(download.value.path(), levels=True).pixels


def differ(page, pixels, mode, restorer):
    """Give the largest difference between page and Python, in levels of 255."""
    page.get_by_role("combobox", name="Show").select_option(mode)
    ours = downloaded(page).astype(int)
    theirs = restoration.restore(photos.Photo(pixels), mode, restorer).photo.pixels
    assert np.abs(ours - pixels).max() > 8, "nothing was restored"
    gap = np.abs(ours - theirs)
    print(f"{mode}: off by {gap.max()} of 255 at most, {gap.mean():.4f} on average")
    return gap.max()


def test_a_chosen_photograph_is_restored_as_by_python(opened, address, restorer):
    page = opened(address + NAME, script=NONE)
    assert not [r.url for r in page.fetched if "/restore/" in r.url or "tfjs" in r.url]
    page.fetched.clear()
    pixels = aged("coffee", 2, 512, 512)
    page.locator("#restore-file").set_input_files([as_file(pixels)])
    seconds = finish(page, "WebAssembly")
    assert fetched(page) == 3
    assert seconds < SLOW
    for mode in ("full", "conservative"):
        assert differ(page, pixels, mode, restorer) <= 2, mode


def test_a_dropped_grey_photograph_is_restored_by_windows(opened, address, restorer):
    page = opened(address + NAME)
    pixels = aged("nagasaki-boats", 1, 200, 1200, grey=True)
    assert max(pixels.shape) > restoration.TILE
    data = cv2.imencode(".png", pixels)[1]
    page.evaluate(HAND, ["drop", data.ravel().tolist()])
    finish(page)
    ours = downloaded(page)
    theirs = restoration.restore(photos.Photo(pixels), "full", restorer).photo.pixels
    assert np.abs(ours.astype(int) - theirs).max() <= 2
    assert np.ptp(ours, axis=-1).max() == 0  # grey stays grey


def test_the_page_works_from_a_folder_and_by_keyboard(opened, book):
    page = opened((book / NAME).as_uri())
    page.get_by_role("button", name="Try a sample").focus()
    page.keyboard.press("Enter")
    finish(page)
    view = page.locator(".interactive-view canvas")
    seen = []

    def look():
        shown = view.evaluate("c => c.toDataURL()"), view.get_attribute("aria-label")
        assert shown not in seen
        seen.append(shown)

    look()
    page.get_by_role("slider", name="Before | after").focus()
    page.keyboard.press("ArrowRight")
    look()
    page.keyboard.press("Home")
    look()
    page.get_by_role("combobox", name="Show").focus()
    page.keyboard.press("ArrowDown")
    look()
    page.keyboard.press("ArrowDown")
    look()
    assert "damage found" in seen[-1][1]
    page.get_by_role("slider", name="Strength").focus()
    page.keyboard.press("Home")
    page.get_by_role("combobox", name="Show").select_option("full")
    assert view.evaluate("c => c.toDataURL()") != seen[2][0]


def test_a_restoration_can_be_cancelled_and_others_follow(opened, address):
    page = opened(address + NAME, viewport={"width": 360, "height": 740})
    file = page.locator("#restore-file")
    file.set_input_files([as_file(aged("cat", 0, 1200, 1200), "large.png")])
    page.locator("progress[value]").wait_for()  # a part of it is done
    page.get_by_role("button", name="Cancel").click()
    assert status(page) == "Cancelled."
    assert page.locator("progress").count() == 0
    assert page.evaluate("document.activeElement.id") == "restore-file"
    small = as_file(aged("cat", 0, 96, 128))
    page.evaluate(HAND, ["paste", list(small["buffer"])])
    finish(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    file.set_input_files([{"name": "a.txt", "mimeType": "", "buffer": b"a"}])
    wait_for(page, "no picture")
    assert downloaded(page).shape == (96, 128, 3)  # what is shown is still there


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}, "no picture"),
        (as_file(np.zeros((40, 200, 3), np.uint8)), "200 x 40 pixels; a side must"),
        (as_file(np.zeros((4100, 4100, 3), np.uint8)), "17 megapixels"),
    ],
    ids=["text", "small", "large"],
)
def test_what_cannot_be_restored_is_said(opened, address, file, message):
    page = opened(address + NAME)
    page.locator("#restore-file").set_input_files([file])
    wait_for(page, message)


def test_a_browser_that_cannot_is_told_so(opened, address):
    page = opened(address + NAME)
    page.evaluate("WebAssembly.validate = () => false")
    page.get_by_role("button", name="Try a sample").click()
    wait_for(page, "lacks WebAssembly with SIMD")


# A Chromium without a graphics processor computes WebGPU in software, if asked to, and
# says so; the page does not take that, unless it hears that it is a real one.
# Software is slow, so it is given more time to answer.
PATIENT = """const wait = setTimeout;
globalThis.setTimeout = (then, ms, ...rest) =>
  wait(then, ms < 3000 ? ms : 20 * ms, ...rest);"""
REAL = f"""Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter",
  {{ get: () => false }}); {PATIENT}"""
NONE = 'Object.defineProperty(navigator, "gpu", { value: undefined });'
SILENT = """Object.defineProperty(navigator, "gpu",
  { value: { requestAdapter: () => new Promise(() => {}) } });"""

# Let the worker begin with this.
BEGIN = """const Whole = Blob;
window.Blob = class extends Whole {
  constructor(parts, how) {
    super(how?.type === "text/javascript" ? [%s, ...parts] : parts, how);
  }
};"""

# The first three error scopes, and the first three results, are those of the trial.
FAULT = {
    "no adapter": "GPU.prototype.requestAdapter = async () => null;",
    "not answer": "GPU.prototype.requestAdapter = () => new Promise(() => {});",
    "differs": "let read = 0; const wrong = (x) => 1.01 * x;",
    "not finite": "let read = -3; const wrong = (x, i) => (i === 99 ? NaN : x);",
    "limit": """let asked = 0; const happen = (device) =>
      device.createBuffer({ size: 2 ** 50, usage: GPUBufferUsage.STORAGE });""",
    "lost": "let asked = 0; const happen = (device) => device.destroy();",
}
READ = """const { getMappedRange } = GPUBuffer.prototype;
GPUBuffer.prototype.getMappedRange = function () {
  const range = getMappedRange.call(this), values = new Float32Array(range);
  if (this.usage & GPUBufferUsage.MAP_READ && read++ >= 0) {
    values.forEach((x, i) => { values[i] = wrong(x, i); });
  }
  return range;
};"""
ASKED = """const { pushErrorScope } = GPUDevice.prototype;
GPUDevice.prototype.pushErrorScope = function (kind) {
  pushErrorScope.call(this, kind);
  if (++asked === 6) happen(this);
};"""


@pytest.fixture(scope="module")
def graphics(launch, address):
    """Start a Chromium that gives a WebGPU adapter, in software."""
    browser = launch(args=["--enable-unsafe-webgpu"])
    page = browser.new_page()
    page.goto(address + NAME)
    adapter = page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)")
    page.close()
    if not adapter:
        browser.close()
        pytest.skip("this Chromium gives no WebGPU adapter in software")
    yield browser
    browser.close()


def test_webgpu_restores_as_python_does(opened, address, graphics, restorer):
    page = opened(address + NAME, graphics, REAL)
    page.fetched.clear()
    pixels = aged("cat", 2, 96, 128)
    page.locator("#restore-file").set_input_files([as_file(pixels)])
    finish(page, "WebGPU")
    assert fetched(page) == 4
    for mode in ("full", "conservative"):
        assert differ(page, pixels, mode, restorer) <= 2, mode


@pytest.mark.parametrize("fault", FAULT)
def test_webassembly_takes_over_from_webgpu(opened, address, graphics, restorer, fault):
    code = FAULT[fault]
    code += READ if "read" in code else ASKED if "asked" in code else ""
    code += "" if fault == "not answer" else PATIENT
    page = opened(address + NAME, graphics, REAL + BEGIN % json.dumps(code))
    pixels = aged("cat", 2, 96, 128)
    page.locator("#restore-file").set_input_files([as_file(pixels)])
    finish(page, "WebAssembly")
    reasons = [said for said in page.said if "WebGPU is not used" in said]
    print(reasons)
    assert len(reasons) == 1
    if fault not in ("limit", "lost"):  # then the words are the browser's
        assert fault in reasons[0]
    assert differ(page, pixels, "full", restorer) <= 2


def test_a_driver_that_never_answers_is_not_waited_for(opened, address):
    page = opened(address + NAME, script=SILENT)
    page.fetched.clear()
    page.locator("#restore-file").set_input_files([as_file(aged("cat", 2, 96, 128))])
    finish(page, "WebAssembly")
    assert fetched(page) == 3


def test_webgpu_in_software_is_not_taken(opened, address, graphics):
    page = opened(address + NAME, graphics)
    page.fetched.clear()
    page.locator("#restore-file").set_input_files([as_file(aged("cat", 2, 96, 128))])
    finish(page, "WebAssembly")
    assert fetched(page) == 3
