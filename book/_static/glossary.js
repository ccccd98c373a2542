// Show a glossary term's definition where the term stands: under the pointer, at
// keyboard focus, or at the first tap. It stays while the pointer is on it, Escape
// closes it, and the link leads to the glossary as any link does.
(() => {
  "use strict";
  const texts = JSON.parse(document.getElementById("glossary-definitions").textContent);
  const tip = document.createElement("div");
  tip.id = "glossary-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  let owner = null, waiting = 0;

  function hide() {
    clearTimeout(waiting);
    owner?.removeAttribute("aria-describedby");
    owner = null;
    tip.hidden = true;
  }

  function place() {
    const margin = 8, word = owner.getClientRects()[0];
    const room = document.documentElement.clientWidth;
    const left = Math.min(word.left, room - tip.offsetWidth - margin);
    const below = word.bottom + tip.offsetHeight + margin < innerHeight;
    tip.style.left = `${Math.max(margin, left) + scrollX}px`;
    tip.style.top =
      `${(below ? word.bottom + 4 : word.top - tip.offsetHeight - 4) + scrollY}px`;
  }

  async function show(link) {
    clearTimeout(waiting);
    if (link === owner) return;
    hide();
    owner = link;
    tip.textContent = texts[link.hash.slice(1)];
    tip.hidden = false;
    link.setAttribute("aria-describedby", tip.id);
    place();
    if (tip.textContent.includes("\\(") && window.MathJax?.typesetPromise) {
      await MathJax.typesetPromise([tip]);
      if (owner === link) place();
    }
  }

  const later = (what, ms) => {
    clearTimeout(waiting);
    waiting = setTimeout(what, ms);
  };

  for (const link of document.querySelectorAll("a.glossary-term")) {
    link.addEventListener("pointerenter", e => {
      if (e.pointerType === "mouse") later(() => show(link), 120);
    });
    link.addEventListener("pointerleave", e => {
      if (e.pointerType === "mouse") later(hide, 200);
    });
    link.addEventListener("focus", () => show(link));
    link.addEventListener("blur", hide);
    let shown = false; // before the tap, which gives focus, too
    let touched = false; // not every browser tells it of a click
    link.addEventListener("pointerdown", e => {
      shown = owner === link;
      touched = e.pointerType === "touch";
    });
    link.addEventListener("click", e => {
      if (!touched || shown) return;
      e.preventDefault();
      show(link);
    });
  }
  tip.addEventListener("pointerenter", () => clearTimeout(waiting));
  tip.addEventListener("pointerleave", () => later(hide, 200));
  addEventListener("keydown", e => { if (e.key === "Escape") hide(); });
  addEventListener("pointerdown", e => {
    if (owner && !owner.contains(e.target) && !tip.contains(e.target)) hide();
  });
  // In the document's order after the words, and no part of the text.
  document.body.append(tip);
})();
