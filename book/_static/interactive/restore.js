/* Restore a photograph in the page. What computes is loaded when one is chosen, and runs
   in a worker, so that the page answers and a restoration can be ended. */
{
  const HERE = document.currentScript.src;
  const PARTS = ["vendor/tfjs/tfjs.js", "restore/weights.js", "restore/engine.js"];
  const GRAPHICS = "vendor/tfjs/tfjs-webgpu.js";
  const SMALLEST = 96, LARGEST = 16e6; // pixels: a side; the whole
  const { element } = window.interactive;

  const address = (part) => new URL(`../${part}`, HERE).href;

  /* Load a script once; a folder allows no other way to read a file. */
  const loaded = {};
  const load = (part) => (loaded[part] ??= new Promise((done, failed) => {
    const script = element("script", { src: address(part), onload: done });
    script.addEventListener("error", () => {
      delete loaded[part];
      script.remove();
      failed(new Error("A part of the page could not be loaded. Is there a connection?"));
    });
    document.head.append(script);
  }));

  const PATIENCE = 3000; // ms; some drivers never answer

  /* Load what runs the networks on a graphics processor, where there is one; without,
     or where it cannot be loaded, WebAssembly does. WebGPU in software would be slower. */
  let graphics; // asked for once
  const loadGraphics = async () => {
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    const adapter = await Promise.race([navigator.gpu?.requestAdapter(), late]);
    const slow = adapter?.info?.isFallbackAdapter ?? adapter?.isFallbackAdapter;
    if (adapter && !slow) await load(GRAPHICS);
  };

  /* A WebAssembly module with one instruction on vectors: is it valid here? */
  const VECTORS = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1,
    7, 0, 65, 0, 253, 15, 26, 11];

  const missing = () => {
    if (!window.Worker) return "web workers";
    if (!window.createImageBitmap) return "decoding of pictures";
    if (!window.DecompressionStream) return "decompression";
    const able = window.WebAssembly?.validate(new Uint8Array(VECTORS));
    return able ? "" : "WebAssembly with SIMD";
  };

  /* The worker's script: the runtime, the engine, and an ear for photographs. */
  const listen = (runtime, engine, webgpu) => {
    let ready = null;
    self.onmessage = async ({ data: { weights, pixels, height, width } }) => {
      const report = (share) => self.postMessage({ share });
      try {
        ready ??= engine(runtime, weights, report, webgpu);
        const begun = performance.now();
        const found = await (await ready)(pixels, height, width);
        self.postMessage({ found, seconds: (performance.now() - begun) / 1000 },
          [found.full.buffer, found.conservative.buffer, found.mask.buffer]);
      } catch (error) {
        self.postMessage({ error: String(error?.message ?? error) });
      }
    };
  };

  let worker = null, source = "";
  const startWorker = () => {
    const { runtime, engine, webgpu = null } = window.restorePhoto;
    const program = `(${listen})((${runtime})(), ${engine}, ${webgpu});`;
    const blob = new Blob([program], { type: "text/javascript" });
    source = URL.createObjectURL(blob);
    worker = new Worker(source);
    return window.restorePhoto.weights;
  };

  const endWorker = () => {
    worker?.terminate();
    worker = null;
    URL.revokeObjectURL(source);
  };

  /* Restore the pixels of a picture, in the worker. */
  const restore = (image, report) => new Promise((done, failed) => {
    const weights = worker ? null : startWorker(); // they are handed over once
    const { height, width } = image;
    const fail = (reason) => failed(new Error(`It failed (${reason}). Perhaps this device `
      + "lacks memory for a photograph of this size: try a smaller one."));
    worker.onmessage = ({ data }) => {
      if (data.error) fail(data.error);
      else if (data.found) done(data);
      else report(data.share);
    };
    worker.onerror = (event) => fail(event.message);
    worker.postMessage({ weights, pixels: image.data, height, width });
  });

  const canvas = (width, height) => element("canvas", { width, height });
  const context = (of) =>
    of.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });

  /* Read a file into pixels, upright, as sRGB, on white. */
  const decode = async (file) => {
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      throw new Error("This is no picture that this browser can read.");
    }
    const { width, height } = bitmap;
    if (Math.min(width, height) < SMALLEST) {
      bitmap.close();
      throw new Error(`This is ${width} x ${height} pixels; a side must have ${SMALLEST}.`);
    }
    if (width * height > LARGEST) {
      bitmap.close();
      const size = ((width * height) / 1e6).toFixed(0);
      throw new Error(`This has ${size} megapixels, and a page can take 16. `
        + "The command gantools restore takes 150.");
    }
    const drawn = context(canvas(width, height));
    drawn.fillStyle = "white";
    drawn.fillRect(0, 0, width, height);
    drawn.drawImage(bitmap, 0, 0);
    bitmap.close();
    return drawn.getImageData(0, 0, width, height);
  };

  const picture = (pixels, { width, height }) => {
    const made = canvas(width, height);
    context(made).putImageData(new ImageData(pixels, width, height), 0, 0);
    return made;
  };

  /* The mask in orange, for laying over the photograph. */
  const stain = (mask, size) => {
    const pixels = new Uint8ClampedArray(4 * mask.length);
    for (let i = 0; i < mask.length; i++) {
      pixels[4 * i] = 255;
      pixels[4 * i + 1] = 96;
      pixels[4 * i + 3] = mask[i];
    }
    return picture(pixels, size);
  };

  window.interactive("restore", (ui) => {
    let name = "", image = null, result = null, shown = null, run = 0, reading = 0;

    const file = element("input",
      { type: "file", accept: "image/*", id: "restore-file", style: "width: 100%" });
    ui.controls.append(element("div", { class: "interactive-choice" },
      element("label", { for: file.id }, "Choose, drop or paste a photograph"), file));
    ui.button({ label: "Try a sample", press: trySample });
    const cancel = element("button", { type: "button", onclick: end }, "Cancel");
    const bar = element("progress", { max: 1, "aria-label": "Restored so far" });
    bar.style.width = "100%";

    file.addEventListener("click", () => { file.value = ""; }); // the same one again
    file.addEventListener("change", () => file.files[0] && take(file.files[0]));
    ui.root.addEventListener("dragover", (event) => {
      event.preventDefault();
      ui.root.style.outline = "3px dashed var(--pst-color-primary)";
    });
    const still = () => { ui.root.style.outline = ""; };
    ui.root.addEventListener("dragleave", still);
    ui.root.addEventListener("drop", (event) => {
      event.preventDefault();
      still();
      const [dropped] = event.dataTransfer.files;
      if (dropped) take(dropped);
      else ui.say("No file was dropped. Save the picture first, then drop its file.");
    });
    document.addEventListener("paste", (event) => {
      const [pasted] = event.clipboardData?.files ?? [];
      if (pasted) take(pasted);
    });

    async function trySample() {
      const mine = ++reading;
      try {
        await load("restore/sample.js");
        if (mine !== reading) return;
        const [text, bytes] = [atob(window.restorePhoto.sample), []];
        for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i));
        take(new File([new Uint8Array(bytes)], "sample.jpg", { type: "image/jpeg" }));
      } catch (error) {
        ui.say(error.message);
      }
    }

    async function take(chosen) {
      const lacks = missing();
      if (lacks) {
        ui.say(`This browser lacks ${lacks}. Use the command gantools restore.`);
        return;
      }
      const mine = ++reading; // the last one chosen counts, however slowly it is read
      try {
        const read = await decode(chosen);
        if (mine !== reading) return;
        image = read;
      } catch (error) {
        if (mine === reading) ui.say(error.message);
        return;
      }
      name = chosen.name.replace(/\.[^.]*$/, "") || "photograph";
      start();
    }

    function end() {
      if (!bar.isConnected) return;
      run += 1;
      endWorker();
      clear();
      ui.say("Cancelled.");
    }

    function clear() {
      const held = document.activeElement === cancel;
      bar.remove();
      cancel.remove();
      if (held) file.focus(); // or the keyboard would begin at the page's top
    }

    async function start() {
      end();
      const mine = ++run;
      bar.removeAttribute("value");
      ui.controls.after(bar);
      ui.controls.append(cancel);
      ui.say("Loading the networks.");
      try {
        await Promise.all([...PARTS.map(load), graphics ??= loadGraphics().catch(() => {})]);
        if (mine !== run) return;
        ui.say(`Restoring ${image.width} x ${image.height} pixels.`);
        const report = (share) => { bar.value = share; };
        const { found, seconds } = await restore(image, report);
        if (mine !== run) return;
        result = {
          name,
          before: picture(image.data, image),
          full: picture(found.full, image),
          conservative: picture(found.conservative, image),
          mask: stain(found.mask, image),
        };
        show();
        const share = (100 * found.damaged).toFixed(1);
        ui.say(`Done in ${seconds.toFixed(1)} seconds by ${found.by}. Damage was found `
          + `in ${share} % of the picture.`);
      } catch (error) {
        if (mine !== run) return;
        endWorker();
        ui.say(error.message);
      }
      clear();
    }

    /* Build what a result needs, once, and draw it. */
    function show() {
      shown ??= build();
      const { width, height } = result.before;
      const scale = Math.min(1, 1600 / Math.max(width, height));
      shown.view.width = Math.round(scale * width);
      shown.view.height = Math.round(scale * height);
      shown.view.style.aspectRatio = `${width} / ${height}`;
      draw();
    }

    function build() {
      const view = element("canvas", { role: "img", style: "touch-action: pan-y" });
      const box = element("div", { class: "interactive-view" }, view);
      ui.views.append(box);
      const slider = ui.slider({
        label: "Before | after", min: 0, max: 100, step: 1, value: 50,
        format: (x) => `${x} % before`, change: draw,
      });
      const look = ui.choice({
        label: "Show",
        options: [["full", "all restored"], ["conservative", "only damage repaired"],
          ["mask", "the damage found"]],
        change: draw,
      });
      const strength = ui.slider({
        label: "Strength", min: 0, max: 100, step: 1, value: 100,
        format: (x) => `${x} %`, change: draw,
      });
      const kind = ui.choice({
        label: "File", options: [["image/png", "PNG"], ["image/jpeg", "JPEG"]],
      });
      ui.button({ label: "Download", press: download });
      const move = ({ buttons, offsetX }) => {
        if (!buttons) return;
        slider.value = Math.round((100 * offsetX) / view.clientWidth);
        draw();
      };
      view.addEventListener("pointerdown", move);
      view.addEventListener("pointermove", move);
      return { view, slider, look, strength, kind };
    }

    /* Draw the restored picture, at the strength that was chosen. */
    function paint(on, width, height) {
      const { look, strength } = shown;
      on.globalAlpha = 1;
      on.drawImage(result.before, 0, 0, width, height);
      on.globalAlpha = look.value === "mask" ? 0.75 : strength.value / 100;
      on.drawImage(result[look.value], 0, 0, width, height);
      on.globalAlpha = 1;
    }

    function draw() {
      const { view, slider, look } = shown;
      const { width, height } = view, edge = Math.round((slider.value * width) / 100);
      const on = view.getContext("2d");
      paint(on, width, height);
      on.save();
      on.beginPath();
      on.rect(0, 0, edge, height);
      on.clip();
      on.drawImage(result.before, 0, 0, width, height);
      on.restore();
      if (edge > 0 && edge < width) {
        for (const [colour, thick] of [["black", 4], ["white", 2]]) {
          on.fillStyle = colour;
          on.fillRect(edge - thick / 2, 0, thick, height);
        }
      }
      const after = {
        full: "the restored photograph", conservative: "with only its damage repaired",
        mask: "with the damage found in orange",
      }[look.value];
      view.setAttribute("aria-label",
        `Left ${slider.value} %: the photograph as it was. The rest: ${after}.`);
    }

    function download() {
      const { width, height } = result.before;
      const made = canvas(width, height);
      paint(made.getContext("2d"), width, height);
      const type = shown.kind.value;
      made.toBlob((blob) => {
        const ending = type === "image/png" ? "png" : "jpg";
        const link = element("a", {
          href: URL.createObjectURL(blob), download: `${result.name}-restored.${ending}`,
        });
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      }, type, 0.92);
    }
  });
}
