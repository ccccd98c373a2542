/* What the book's interactive figures share: a stage in the place of the still picture,
   controls that work by keyboard and by touch, colours of the page's own theme.

   interactive("gan-2d", (ui, data) => { ... }) builds every figure of that name once it
   comes near the window.  No module, no network: pages open from a folder too. */
(() => {
  "use strict";

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
  };

  let count = 0;

  /* The controls of one figure.  Each is added to `ui.controls` in order. */
  class Stage {
    constructor(figure) {
      this.figure = figure;
      this.views = element("div", { class: "interactive-views" });
      this.controls = element("div", { class: "interactive-controls", role: "group" });
      this.status = element("p", { class: "interactive-status", role: "status" });
      this.root = element("div", { class: "interactive-stage" });
      this.root.append(this.views, this.controls, this.status);
      const caption = figure.querySelector("figcaption");
      if (caption) {
        caption.id ||= `interactive-caption-${++count}`;
        this.controls.setAttribute("aria-labelledby", caption.id);
      }
    }

    /* A slider; gives an object with `value`, which may also be set. `format` says what
       stands beside it and is read aloud; `change` is called with the new value. */
    slider({ label, min, max, step = "any", value, format = String, change }) {
      const id = `interactive-${++count}`;
      const input = element("input", { type: "range", id, min, max, step, value });
      const shown = element("output", { for: id, "aria-live": "off" }); // the slider says it
      const show = () => {
        shown.textContent = format(Number(input.value));
        input.setAttribute("aria-valuetext", shown.textContent);
      };
      input.addEventListener("input", () => {
        show();
        change?.(Number(input.value));
      });
      show();
      this.controls.append(
        element("div", { class: "interactive-slider" },
          element("label", { for: id }, label), shown, input),
      );
      return {
        input,
        get value() { return Number(input.value); },
        set value(wanted) { input.value = wanted; show(); },
      };
    }

    /* A choice among few: `options` is a list of [value, text]. */
    choice({ label, options, value, change }) {
      const id = `interactive-${++count}`;
      const select = element("select", { id });
      for (const [name, text] of options) {
        select.append(element("option", { value: name }, text));
      }
      select.value = value ?? options[0][0];
      select.addEventListener("change", () => change?.(select.value));
      this.controls.append(
        element("div", { class: "interactive-choice" },
          element("label", { for: id }, label), select),
      );
      return select;
    }

    button({ label, press }) {
      const made = element("button", { type: "button", onclick: press }, label);
      this.controls.append(made);
      return made;
    }

    check({ label, value = false, change }) {
      const box = element("input", { type: "checkbox" });
      box.checked = value;
      box.addEventListener("change", () => change?.(box.checked));
      this.controls.append(element("label", { class: "interactive-check" }, box, label));
      return box;
    }

    /* A drawing surface of width x height units that fits any screen. `label` names it
       for those who do not see it; say in `say` what changed in it. `pixels: true` keeps
       exactly width x height pixels, shown large and unsmoothed. */
    canvas({ width, height, label, title = "", pixels = false }) {
      const scale = pixels ? 1 : Math.min(window.devicePixelRatio || 1, 2);
      const made = element("canvas", {
        width: Math.round(width * scale),
        height: Math.round(height * scale),
        role: "img",
        "aria-label": label,
        class: pixels ? "interactive-pixels" : false,
        style: `aspect-ratio: ${width} / ${height}`,
      });
      const context = made.getContext("2d");
      context.scale(scale, scale);
      const box = element("div", { class: "interactive-view" });
      if (title) box.append(element("p", { class: "interactive-title" }, title));
      box.append(made);
      this.views.append(box);
      return { canvas: made, context, width, height, box };
    }

    /* Say what the picture shows now: seen under the controls, read aloud. */
    say(text) {
      if (this.status.textContent !== text) this.status.textContent = text;
    }

    /* The page's colours now.  `redraw` is called when the theme changes. */
    colours() {
      const style = getComputedStyle(document.documentElement);
      const name = (key, other) => style.getPropertyValue(key).trim() || other;
      const dark = document.documentElement.dataset.theme === "dark";
      return {
        dark,
        text: name("--pst-color-text-base", dark ? "#ced6dd" : "#222832"),
        quiet: name("--pst-color-text-muted", dark ? "#9ca4af" : "#48566b"),
        ground: name("--pst-color-background", dark ? "#14181e" : "#ffffff"),
        surface: name("--pst-color-surface", dark ? "#222832" : "#f3f4f5"),
        border: name("--pst-color-border", dark ? "#48566b" : "#c9c9c9"),
        // Okabe and Ito's colours, which the colour-blind tell apart.
        blue: dark ? "#56b4e9" : "#0072b2",
        orange: dark ? "#e69f00" : "#b35900",
        green: dark ? "#2fc79a" : "#007a5a",
        pink: dark ? "#e39ac4" : "#a8487e",
      };
    }

    onTheme(redraw) {
      new MutationObserver(redraw).observe(document.documentElement, {
        attributes: true,
        attributeFilter: ["data-theme"],
      });
    }

    /* Call `tick` once a frame while running.  `running` can be set and asked; nothing
       runs outside the window or in a hidden tab. */
    loop(tick) {
      let running = false;
      let asked = false;
      let seen = true;
      const frame = () => {
        asked = false;
        if (!running || !seen) return;
        tick();
        ask();
      };
      const ask = () => {
        if (!asked && running && seen) {
          asked = true;
          requestAnimationFrame(frame);
        }
      };
      new IntersectionObserver((entries) => {
        seen = entries.at(-1).isIntersecting;
        ask();
      }).observe(this.root);
      return {
        get running() { return running; },
        set running(wanted) { running = wanted; ask(); },
      };
    }
  }

  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  /* A generator of numbers in [0, 1) with a seed (mulberry32), and a normal one. */
  const random = (seed) => {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const normal = () =>
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return { uniform, normal };
  };

  /* What a figure needs only once it is started stands in a script of its own beside
     this one: `await load("fruit-32")` fetches fruit-32.js, which calls
     `interactive.store("fruit-32", what)`.  A script, because pages open as files. */
  const folder = document.currentScript.src;
  const stored = {};
  const load = (name) => new Promise((done, failed) => {
    if (name in stored) return done(stored[name]);
    const fail = () => failed(new Error(`${name} could not be loaded`));
    const came = () => (name in stored ? done(stored[name]) : fail());
    const src = new URL(`${name}.js`, folder).href;
    document.head.append(element("script", { src, onload: came, onerror: fail }));
  });
  const store = (name, what) => { stored[name] = what; };

  const start = (figure, build) => {
    const ui = new Stage(figure);
    const data = JSON.parse(
      figure.querySelector('script[type="application/json"]')?.textContent || "{}",
    );
    try {
      build(ui, data);
    } catch (error) {
      console.error(error); // the still picture stays
      return;
    }
    const caption = figure.querySelector("figcaption");
    figure.insertBefore(ui.root, caption);
    figure.classList.add("interactive-live");
  };

  window.interactive = (name, build) => {
    const begin = () => {
      const watch = new IntersectionObserver((entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          watch.unobserve(entry.target);
          start(entry.target, build);
        }
      }, { rootMargin: "400px" });
      for (const figure of document.querySelectorAll(`figure.interactive-${name}`)) {
        watch.observe(figure);
      }
    };
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", begin);
    } else begin();
  };
  Object.assign(window.interactive, { element, random, calm, load, store });
})();
