/* Two pictures of one thing, one over the other, and a line that the reader moves: left
   of it is before, right of it after. */
interactive("before-after", (ui, data) => {
  "use strict";
  const most = data.height ?? 28; // in rem
  const { element } = interactive;
  const pictures = [...ui.figure.querySelectorAll("img")];
  const [before, after] = pictures.map((picture) => picture.cloneNode());
  before.className = "before-after-before";
  const slider = element("input", {
    type: "range", min: 0, max: 100, value: 50,
    "aria-label": "How much of the picture, from the left, is before",
  });
  const line = element("span", { class: "before-after-line", "aria-hidden": "true" });
  const frame = element("div", { class: "before-after-frame" });
  frame.append(after, before, slider, line);
  const labels = element("div", { class: "before-after-labels", "aria-hidden": "true" });
  labels.append(element("span", {}, "◀ before"), element("span", {}, "after ▶"));
  const box = element("div", { class: "before-after-box" }, frame, labels);
  ui.controls.append(box);
  before.decode().then(() => { // all of it on one screen, and small ones not blown up
    const { naturalWidth: width, naturalHeight: height } = before;
    box.style.maxWidth = `min(36rem, ${(most * width) / height}rem, ${1.5 * width}px)`;
  });

  const show = () => {
    const share = Number(slider.value);
    frame.style.setProperty("--before", `${share}%`);
    ui.say(
      share === 0 ? "All of it after."
        : share === 100 ? "All of it before."
          : `Left ${share} % before, right ${100 - share} % after.`,
    );
  };
  slider.addEventListener("input", show);

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
