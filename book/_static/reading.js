// What is wider than the page scrolls by itself; a reader without a mouse must be able
// to stop there. The theme sees to code and outputs, this to tables and formulas.
(() => {
  "use strict";
  const WIDE = ".bd-article table, .bd-article mjx-container[display='true']";

  function mark() {
    for (const part of document.querySelectorAll(WIDE)) {
      if (part.scrollWidth > part.clientWidth) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    }
  }

  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    mark();
    addEventListener("resize", mark);
  });
})();
