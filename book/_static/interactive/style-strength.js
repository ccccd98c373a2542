/* One photograph painted at a few strengths, computed beforehand: the slider steps from
   picture to picture.  The first picture is the photograph itself.  `data` holds for each
   of the others { strength, content, missing }. */
interactive("style-strength", (ui, data) => {
  "use strict";
  const { element } = interactive;
  const pictures = [...ui.figure.querySelectorAll("img")].map((p) => p.cloneNode());
  const [photograph, ...painted] = pictures;
  const box = (title, ...shown) => {
    const made = element("div", { class: "interactive-view" });
    made.append(element("p", { class: "interactive-title" }, title), ...shown);
    ui.views.append(made);
  };
  box("photograph", photograph);
  box("painted", ...painted);

  const show = (step) => {
    painted.forEach((picture, i) => { picture.hidden = i !== step; });
    const { content, missing } = data.steps[step];
    ui.say(
      `LPIPS ${content.toFixed(2)} from the photograph; `
      + `${Math.round(100 * missing)} % of the style still missing.`,
    );
  };
  const last = painted.length - 1;
  const strength = ui.slider({
    label: "Strength of the style", min: 0, max: last, step: 1, value: last / 2,
    format: (step) => String(data.steps[step].strength), change: show,
  });
  show(strength.value);
});
