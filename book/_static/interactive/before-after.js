/* Pictures of one thing, two of them one over the other, and a line that the reader
   moves: left of it is before, right of it after.  Where `data.names` names more than
   two, the reader chooses which of them lies on either side. */
interactive("before-after", (ui, data) => {
  "use strict";
  const most = data.height ?? 28; // in rem
  const names = data.names ?? ["before", "after"];
  const { element } = interactive;
  const pictures = [...ui.figure.querySelectorAll("img")];
  if (pictures.length !== names.length) throw new Error("Expected a name for each picture");
  const shown = [0, 1]; // which picture lies on the left, which on the right
  const sides = shown.map((at) => pictures[at].cloneNode());
  const [before, after] = sides;
  before.className = "before-after-before";
  const slider = element("input", { type: "range", min: 0, max: 100, value: 50 });
  const line = element("span", { class: "before-after-line", "aria-hidden": "true" });
  const frame = element("div", { class: "before-after-frame" });
  frame.append(after, before, slider, line);
  const box = element("div", { class: "before-after-box" }, frame);
  ui.controls.append(box);
  const fit = () => { // all of it on one screen, and small ones not blown up
    const { naturalWidth: width, naturalHeight: height } = before;
    if (!width) return;
    box.style.maxWidth = `min(36rem, ${(most * width) / height}rem, ${1.5 * width}px)`;
  };
  before.addEventListener("load", fit);
  fit();

  const show = () => {
    const share = Number(slider.value);
    const [left, right] = shown.map((at) => names[at]);
    frame.style.setProperty("--before", `${share}%`);
    slider.setAttribute("aria-label", `How much of the picture, from the left, is ${left}`);
    ui.say(
      share === 0 ? `All of it ${right}.`
        : share === 100 ? `All of it ${left}.`
          : `Left ${share} % ${left}, right ${100 - share} % ${right}.`,
    );
  };
  slider.addEventListener("input", show);

  if (names.length > 2) {
    const choices = ["On the left", "On the right"].map((label, side) => ui.choice({
      label, options: names.map((name, at) => [at, name]), value: side,
      change: (at) => {
        shown[side] = Number(at);
        const { src, alt } = pictures[at];
        Object.assign(sides[side], { src, alt });
        show();
      },
    }).parentNode);
    const row = element("div", { class: "before-after-choices" }, ...choices);
    const fetchAll = () => pictures.forEach(({ src }) => { new Image().src = src; });
    row.addEventListener("focusin", fetchAll, { once: true }); // they load lazily
    ui.controls.append(row);
  } else {
    const ends = [`◀ ${names[0]}`, `${names[1]} ▶`].map((end) => element("span", {}, end));
    const labels = { class: "before-after-labels", "aria-hidden": "true" };
    box.append(element("div", labels, ...ends));
  }

  /* The finger or the mouse moves the line wherever it is put down; a finger that goes
     up or down scrolls the page. */
  const move = (event) => {
    const { left, width } = frame.getBoundingClientRect();
    slider.value = (100 * (event.clientX - left)) / width;
    show();
  };
  let held = false;
  frame.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    held = true;
    frame.setPointerCapture(event.pointerId);
    if (event.pointerType === "mouse") move(event);
    slider.focus({ preventScroll: true });
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => held && move(event));
  frame.addEventListener("click", (event) => event.detail && move(event));
  for (const end of ["pointerup", "pointercancel"]) {
    frame.addEventListener(end, () => { held = false; });
  }
  show();
});
