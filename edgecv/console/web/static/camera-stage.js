// A picture with an SVG over it, in the picture's own pixels: zoom, places of clicks, handles that are dragged or moved
// with arrow keys. Shared by calibration and masks.
const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

export function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
}

export class Stage {
  // onPlace(pixel): the picture was clicked where no handle is.
  constructor(root, setup, onPlace) {
    this.root = root;
    this.setup = setup;
    this.box = root.querySelector(".stage-box");
    this.frame = root.querySelector(".stage");
    this.image = root.querySelector(".stage img");
    this.svg = root.querySelector(".stage svg");
    this.result = root.querySelector(".result");
    this.lines = this.svg.appendChild(element("g", { class: "lines" }));
    this.handles = this.svg.appendChild(element("g", { class: "handles" }));
    this.size = [0, 0];
    this.zoom = 1;
    this.svg.addEventListener("click", (event) => {
      if (!event.target.closest(".handle") && this.size[0]) onPlace(this.pixel(event));
    });
    for (const button of root.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.enlarge(button.dataset.zoom === "1" ? 1.5 : 1 / 1.5));
    }
    new ResizeObserver(() => this.rescale()).observe(this.frame);
  }

  async take(base) {
    this.say(this.setup.texts.taking);
    const answer = await this.post(`${base}/take`, {});
    if (!answer) return false;
    await new Promise((done, failed) => {
      this.image.onload = done;
      this.image.onerror = failed;
      this.image.src = `${base}/picture.jpg?${Date.now()}`;
    }).catch(() => this.say(this.setup.texts.failed, true));
    this.image.hidden = false;
    this.size = answer.size;
    // pixel 0 is a square whose middle is 0
    this.svg.setAttribute("viewBox", `-0.5 -0.5 ${answer.size[0]} ${answer.size[1]}`);
    this.rescale();
    this.say("");
    return true;
  }

  // The answer, or null where it was refused or did not come, which is said.
  async post(path, body, quiet = false) {
    try {
      const answer = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": this.setup.csrf },
        body: JSON.stringify(body),
      });
      const type = answer.headers.get("content-type") || "";
      const told = type.includes("json") ? await answer.json() : { refused: this.setup.texts.failed };
      if (answer.ok) return told;
      if (quiet) return { refused: told.refused };
      this.say(told.refused, true);
    } catch {
      if (quiet) return { refused: this.setup.texts.failed };
      this.say(this.setup.texts.failed, true);
    }
    return null;
  }

  say(text, bad = false) {
    this.result.textContent = text;
    this.result.classList.toggle("bad", bad);
  }

  enlarge(factor) {
    const middle = [this.box.scrollLeft + this.box.clientWidth / 2, this.box.scrollTop + this.box.clientHeight / 2];
    const before = this.zoom;
    this.zoom = Math.min(8, Math.max(1, this.zoom * factor));
    this.frame.style.width = `${100 * this.zoom}%`;
    const grown = this.zoom / before;
    this.box.scrollTo(middle[0] * grown - this.box.clientWidth / 2, middle[1] * grown - this.box.clientHeight / 2);
  }

  // Handles keep their size on the screen whatever the zoom.
  rescale() {
    if (!this.size[0] || !this.frame.clientWidth) return;
    this.unit = this.size[0] / this.frame.clientWidth;
    this.svg.style.setProperty("--unit", this.unit);
    for (const part of this.handles.querySelectorAll("circle")) part.setAttribute("r", part.dataset.r * this.unit);
    this.lines.setAttribute("font-size", 13 * this.unit);
  }

  pixel(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [this.inside(at.x, 0), this.inside(at.y, 1)];
  }

  inside(value, axis) {
    return Math.round(Math.min(this.size[axis], Math.max(0, value)) * 10) / 10;
  }

  // A handle: focusable, dragged, moved by keys. onMove(dx, dy), onChoose(), onDelete().
  handle(label, onChoose, onMove, onDelete) {
    const made = element("g", { class: "handle", tabindex: "0", role: "button", "aria-label": label });
    made.append(element("circle", { class: "grip", "data-r": "14" }), element("circle", { class: "dot", "data-r": "5" }));
    let from = null;
    made.addEventListener("pointerdown", (event) => {
      made.setPointerCapture(event.pointerId);
      from = this.pixel(event);
      made.focus();
      event.preventDefault();
    });
    made.addEventListener("pointermove", (event) => {
      if (!from) return;
      const to = this.pixel(event);
      onMove(to[0] - from[0], to[1] - from[1], event.shiftKey);
      from = to;
    });
    for (const name of ["pointerup", "pointercancel"]) made.addEventListener(name, () => { from = null; });
    made.addEventListener("focus", onChoose);
    made.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 10 : 1;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      if (moves[event.key]) onMove(...moves[event.key], false);
      else if (event.key === "Delete" || event.key === "Backspace") onDelete();
      else return;
      event.preventDefault();
    });
    this.handles.append(made);
    this.rescale();
    return made;
  }

  static put(handle, [x, y]) {
    for (const circle of handle.querySelectorAll("circle")) {
      circle.setAttribute("cx", x);
      circle.setAttribute("cy", y);
    }
  }
}
