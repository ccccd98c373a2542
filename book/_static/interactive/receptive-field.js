/* What one output of a stack of convolutions sees (chapter 5, section 4): the field by
   the formula over a photograph, and the ways through the layers to each pixel. */
(() => {
  "use strict";

  const SIDE = 128; // of the photograph, in pixels
  const PHOTOGRAPH = new URL("astronaut.jpg", document.currentScript.src);

  /* Stacks from the picture to the logit: [kernel, stride, dilation] of each layer. */
  const STACKS = {
    patch: { text: "the book's PatchGAN",
      layers: [[4, 2, 1], [4, 2, 1], [4, 2, 1], [3, 1, 1], [3, 1, 1]] },
    deep: { text: "six layers of kernel 3", layers: Array(6).fill([3, 1, 1]) },
    large: { text: "one layer of kernel 13", layers: [[13, 1, 1]] },
    dilated: { text: "dilations 1, 2, 4", layers: [[3, 1, 1], [3, 1, 2], [3, 1, 4]] },
    gridded: { text: "dilations 2, 2, 2", layers: Array(3).fill([3, 1, 2]) },
  };

  const reach = ([k, , dilation]) => (k - 1) * dilation;
  const padding = (layer) => Math.floor(Math.max(reach(layer) + 1 - layer[1], 0) / 2);

  /* How many pixels along an axis: 1 + the sum of (k - 1) d times the strides below. */
  function size(layers) {
    let [seen, step] = [1, 1];
    for (const layer of layers) {
      seen += reach(layer) * step;
      step *= layer[1];
    }
    return { seen, step };
  }

  /* The first and the last pixel that output i sees, back through the layers: from
     s a - p to s b - p + (k - 1) d.  They may lie outside the picture. */
  function field(layers, i) {
    let [first, last] = [i, i];
    for (const layer of [...layers].reverse()) {
      [first, last] = [layer[1] * first - padding(layer),
        layer[1] * last - padding(layer) + reach(layer)];
    }
    return [first, last];
  }

  /* The number of ways from each seen pixel to the output, along one axis: through
     kernel place j of each layer in turn.  In the plane, rows and columns multiply. */
  function ways(layers) {
    let counts = [1];
    for (const [k, stride, dilation] of [...layers].reverse()) {
      const many = (counts.length - 1) * stride + (k - 1) * dilation + 1;
      const next = new Array(many).fill(0);
      counts.forEach((count, i) => {
        for (let j = 0; j < k; j++) next[i * stride + j * dilation] += count;
      });
      counts = next;
    }
    return counts;
  }

  /* The width of the middle through which 95 % of the ways go. */
  function middle(counts) {
    const total = counts.reduce((a, b) => a + b, 0);
    let [first, last, left] = [0, counts.length - 1, total];
    while (left - counts[first] - counts[last] >= 0.95 * total && first < last) {
      left -= counts[first++] + counts[last--];
    }
    return last - first + 1;
  }

  const build = (ui) => {
    const photograph = new Image();
    const view = ui.canvas({ width: 384, height: 384,
      label: "A photograph; bright are the pixels that one output sees" });
    const profile = ui.canvas({ width: 384, height: 200,
      label: "The number of ways to each pixel of a row" });
    const scale = view.width / SIDE;
    let layers = STACKS.patch.layers.map((layer) => [...layer]);
    let [asked, place] = [0, 8];

    const last = () => Math.ceil(SIDE / size(layers).step) - 1;

    const drawView = ([first], counts) => {
      const { context: c, width, height } = view;
      c.clearRect(0, 0, width, height);
      if (photograph.complete) c.drawImage(photograph, 0, 0, width, height);
      const most = Math.max(...counts) ** 2;
      const weight = (k) => counts[k - first] ?? 0;
      for (let row = 0; row < SIDE; row++) {
        for (let column = 0; column < SIDE; column++) {
          const share = (weight(row) * weight(column)) / most;
          c.fillStyle = `rgb(0 0 0 / ${share ? 0.55 * (1 - Math.sqrt(share)) : 0.85})`;
          c.fillRect(column * scale, row * scale, scale, scale);
        }
      }
      c.strokeStyle = "#fff";
      c.lineWidth = 2;
      const side = counts.length * scale;
      c.strokeRect(first * scale, first * scale, side, side);
    };

    const drawProfile = ([first], counts) => {
      const { context: c, width, height } = profile;
      const colours = ui.colours();
      const most = Math.max(...counts);
      const bar = width / SIDE;
      c.clearRect(0, 0, width, height);
      c.font = "14px system-ui, sans-serif";
      c.fillStyle = colours.quiet;
      c.fillText("ways to each pixel of a row", 0, 14);
      c.fillStyle = colours.blue;
      counts.forEach((count, k) => {
        const high = ((height - 40) * count) / most;
        c.fillRect((first + k) * bar, height - 20 - high, Math.max(bar - 0.5, 1), high);
      });
      c.fillStyle = colours.quiet;
      c.fillRect(0, height - 20, width, 1);
      c.fillText("pixel 0", 0, height - 4);
      c.textAlign = "right";
      c.fillText(String(SIDE - 1), width, height - 4);
      c.textAlign = "left";
    };

    const show = () => {
      const { seen, step } = size(layers);
      place = Math.min(place, last());
      const found = field(layers, place);
      const counts = ways(layers);
      drawView(found, counts);
      drawProfile(found, counts);
      const empty = counts.filter((count) => count === 0).length;
      const holes = empty ? `${empty} of them are holes. ` : "";
      ui.say(`Output ${place} sees pixels ${found[0]} to ${found[1]}: ${seen}. `
        + `${holes}95 % of the ways along an axis lie in the middle `
        + `${middle(counts)}. `
        + `Neighbouring outputs are ${step} apart.`);
    };

    /* The controls of the layer that was chosen follow it. */
    const follow = () => {
      asked = Math.min(asked, layers.length - 1);
      chosen.input.max = layers.length;
      chosen.value = asked + 1;
      many.value = layers.length;
      parts.forEach((part, k) => { part.value = layers[asked][k]; });
      position.input.max = last();
      position.value = place = Math.min(place, last());
      show();
    };

    ui.choice({ label: "Stack",
      options: Object.entries(STACKS).map(([name, { text }]) => [name, text]),
      change: (name) => {
        layers = STACKS[name].layers.map((layer) => [...layer]);
        place = Math.floor(last() / 2);
        follow();
      } });
    const position = ui.slider({ label: "Output, on the diagonal", min: 0, max: last(),
      step: 1, value: place, change: (i) => { place = i; show(); } });
    const many = ui.slider({ label: "Layers", min: 1, max: 6, step: 1,
      value: layers.length, change: (n) => {
        while (layers.length < n) layers.push([3, 1, 1]);
        layers.length = n;
        follow();
      } });
    const chosen = ui.slider({ label: "Change layer", min: 1, max: layers.length,
      step: 1, value: 1, change: (n) => { asked = n - 1; follow(); } });
    const parts = [["Its kernel", 13], ["Its stride", 2], ["Its dilation", 4]]
      .map(([label, max], k) => ui.slider({ label, min: 1, max, step: 1,
        value: layers[0][k],
        change: (value) => { layers[asked][k] = value; follow(); } }));
    photograph.addEventListener("load", show);
    photograph.src = PHOTOGRAPH;
    ui.onTheme(show);
    show();
  };

  window.interactive.receptiveField = { STACKS, field, middle, size, ways };
  window.interactive("receptive-field", build);
})();
