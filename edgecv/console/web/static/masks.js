// Draws masks on a camera's picture.
import { element, fill, Stage } from "./camera-stage.js";

const root = document.querySelector(".editor");
if (root) {
  const setup = JSON.parse(root.dataset.setup), texts = setup.texts;
  let masks = [], chosen = null;
  const stage = new Stage(root, setup, (pixel) => corner(pixel));
  const list = root.querySelector(".points");
  const doing = (name, act) => root.querySelector(`[data-do=${name}]`).addEventListener("click", act);

  function add(reason, polygon) {
    const mask = { reason, corners: [], shape: element("polygon", { class: "mask" }) };
    stage.lines.append(mask.shape);
    masks.push(mask);
    chosen = mask;
    for (const pixel of polygon) put(mask, pixel);
    show();
    return mask;
  }

  function put(mask, pixel) {
    const one = { pixel };
    one.handle = stage.handle("", () => { chosen = mask; mark(); }, (dx, dy) => {
      one.pixel = [stage.inside(one.pixel[0] + dx, 0), stage.inside(one.pixel[1] + dy, 1)];
      draw(mask);
    }, () => {
      one.handle.remove();
      mask.corners.splice(mask.corners.indexOf(one), 1);
      show();
      mask.corners[0]?.handle.focus();
    });
    mask.corners.push(one);
    return one;
  }

  function corner(pixel) {
    if (!chosen) add("", []);
    const one = put(chosen, pixel);
    show();
    one.handle.focus({ preventScroll: true });
  }

  function draw(mask) {
    mask.shape.setAttribute("points", mask.corners.map((one) => one.pixel.join(",")).join(" "));
    for (const one of mask.corners) Stage.put(one.handle, one.pixel);
  }

  function remove(mask) {
    for (const one of mask.corners) one.handle.remove();
    mask.shape.remove();
    masks.splice(masks.indexOf(mask), 1);
    if (chosen === mask) chosen = null;
    show();
    root.querySelector("[data-do=add]").focus();
  }

  function mark() {
    masks.forEach((mask, n) => {
      mask.shape.classList.toggle("chosen", mask === chosen);
      list.children[n]?.classList.toggle("chosen", mask === chosen);
    });
  }

  function show() {
    list.replaceChildren(...masks.map((mask, n) => {
      mask.corners.forEach((one, c) => one.handle.setAttribute("aria-label", fill(texts.corner, { mask: n + 1, n: c + 1 })));
      const line = document.createElement("li"), label = document.createElement("label");
      const reason = Object.assign(document.createElement("input"), { value: mask.reason, maxLength: 200 });
      reason.addEventListener("input", () => { mask.reason = reason.value; });
      reason.addEventListener("focus", () => { chosen = mask; mark(); });
      label.append(`${fill(texts.mask, { n: n + 1 })}: ${texts.reason}`, reason);
      const away = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×" });
      away.setAttribute("aria-label", fill(texts.remove, { n: n + 1 }));
      away.addEventListener("click", () => remove(mask));
      line.append(label, away);
      draw(mask);
      return line;
    }));
    mark();
  }

  async function save() {
    const sent = masks.map((mask) => ({ reason: mask.reason, polygon: mask.corners.map((one) => one.pixel) }));
    if (sent.some((mask) => mask.polygon.length < 3 || !mask.reason.trim())) return stage.say(texts.few, true);
    const answer = await stage.post(`${setup.here}/save`, { masks: sent, version: setup.version });
    if (!answer) return;
    setup.version = answer.version;
    stage.say(answer.told ? texts.saved : texts.saved_only);
  }

  doing("take", () => stage.take(setup.pictures));
  doing("add", () => {
    const [w, h] = stage.size;
    if (!w) return;
    const mask = add("", [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]].map(([x, y]) => [Math.round(x * w), Math.round(y * h)]));
    mask.corners[0].handle.focus({ preventScroll: true });
  });
  doing("corner", () => { if (stage.size[0]) corner([stage.size[0] / 2, stage.size[1] / 2]); });
  doing("save", save);
  (async () => {
    if (!await stage.take(setup.pictures)) return;
    for (const mask of setup.masks) add(mask.reason, mask.polygon);
    chosen = null;
    mark();
  })();
}
