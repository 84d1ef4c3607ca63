// Marks points on a camera's picture; the server solves, this draws what it answers.
import { element, fill, Stage } from "./camera-stage.js";

const root = document.querySelector(".editor");
if (root) {
  const setup = JSON.parse(root.dataset.setup), texts = setup.texts;
  let points = [], rest = {}, windows = [], chosen = null, timer = null, asked = 0;
  const stage = new Stage(root, setup, (pixel) => add(pixel));
  const field = (name) => root.querySelector(`[data-field=${name}]`);
  const list = root.querySelector(".points"), save = root.querySelector("[data-do=save]");
  const together = root.querySelector("[data-together]"), take = root.querySelector("[data-windows]");
  const doing = (name, act) => root.querySelector(`[data-do=${name}]`).addEventListener("click", act);

  for (const select of [field("floor"), root.querySelector("[data-lowest]")]) {
    for (const name of setup.floors) select.append(new Option(name, name));
  }
  listWindows(setup.windows);

  function listWindows(names) {
    const select = field("window");
    select.length = 1;
    for (const name of names) select.append(new Option(name, name));
    if (names.length && chosen === null) select.value = names[0];
  }

  function load(marks) {
    for (const point of points) point.handle.remove();
    points = [];
    chosen = null;
    rest = { distortion: marks.distortion, focal_px: marks.focal_px, verticals: marks.verticals };
    root.querySelector("[data-lens-box]").hidden = !marks.distortion.some((k) => k !== 0);
    for (const point of marks.points) put({ ...point });
    listPoints();
  }

  function put(data) {
    const point = { data };
    point.handle = stage.handle("", () => choose(point), (dx, dy, all) => move(point, dx, dy, all), () => remove(point));
    points.push(point);
    Stage.put(point.handle, data.pixel);
    return point;
  }

  function add(pixel) {
    const data = { pixel, depth: 0 };
    const point = put(data);
    chosen = point;
    read();
    point.handle.focus({ preventScroll: true });
    changed();
  }

  function choose(point) {
    chosen = point;
    const data = point.data;
    const floor = data.facade ? floorAt(data.facade[1]) : setup.floors.indexOf(String(data.floor));
    field("floor").value = setup.floors[Math.max(0, floor)];
    field("window").value = data.facade ? "" : data.window;
    field("side").value = data.side || "left";
    field("x").value = data.facade ? data.facade[0] : 0;
    field("above").value = data.facade ? round(data.facade[1] - setup.edges[floor]) : data.above ?? 0;
    enable();
    mark();
  }

  // The form into the chosen point.
  function read() {
    enable();
    if (!chosen) return;
    const data = chosen.data, floor = field("floor").value, above = Number(field("above").value) || 0;
    for (const key of ["facade", "floor", "window", "side", "above"]) delete data[key];
    if (field("window").value === "") {
      data.facade = [Number(field("x").value) || 0, round(setup.edges[setup.floors.indexOf(floor)] + above)];
    } else Object.assign(data, { floor, window: field("window").value, side: field("side").value, above });
  }

  function enable() {
    const metres = field("window").value === "";
    field("x").disabled = !metres;
    field("side").disabled = metres;
  }

  function move(point, dx, dy, all) {
    for (const one of all || together.checked ? points : [point]) {
      one.data.pixel = [stage.inside(one.data.pixel[0] + dx, 0), stage.inside(one.data.pixel[1] + dy, 1)];
      Stage.put(one.handle, one.data.pixel);
    }
    changed(false);
  }

  function remove(point) {
    const at = points.indexOf(point);
    point.handle.remove();
    points.splice(at, 1);
    if (chosen === point) chosen = null;
    changed();
    (points[Math.min(at, points.length - 1)]?.handle ?? root.querySelector("[data-do=add]")).focus();
  }

  function shift(by) {
    for (const { data } of points) {
      if (data.facade) {
        const floor = floorAt(data.facade[1]), next = floor + by;
        if (next < 0 || next >= setup.floors.length) return;
        data.facade = [data.facade[0], round(data.facade[1] - setup.edges[floor] + setup.edges[next])];
      } else {
        const next = setup.floors.indexOf(String(data.floor)) + by;
        if (next < 0 || next >= setup.floors.length) return;
        data.floor = setup.floors[next];
      }
    }
    changed();
  }

  const round = (metres) => Math.round(metres * 1000) / 1000;
  const floorAt = (y) => {
    const floor = setup.edges.findLastIndex((edge) => edge <= y + 1e-6);
    return Math.min(setup.floors.length - 1, Math.max(0, floor));
  };

  function words(point, n) {
    const data = point.data, first = fill(texts.point, { n: n + 1 });
    if (data.facade) return `${first}: ${fill(texts.metres, { x: data.facade[0], y: data.facade[1] })}`;
    const place = [fill(texts.floor, data), fill(texts.window, data), data.side === "right" ? texts.right : texts.left];
    return `${first}: ${place.join(", ")}`;
  }

  function listPoints(errors = []) {
    const buttons = () => [...list.querySelectorAll("button")];
    const focused = buttons().indexOf(document.activeElement);
    list.replaceChildren(...points.map((point, n) => {
      const line = document.createElement("li");
      const name = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: words(point, n) });
      name.addEventListener("click", () => point.handle.focus());
      const off = document.createElement("span");
      off.textContent = errors[n] === undefined ? "" : `${errors[n].toFixed(1)} px`;
      const away = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: "×" });
      away.setAttribute("aria-label", fill(texts.remove, { n: n + 1 }));
      away.addEventListener("click", () => remove(point));
      line.append(name, off, away);
      point.handle.setAttribute("aria-label", words(point, n));
      return line;
    }));
    if (focused >= 0) buttons()[focused]?.focus();
    mark();
  }

  function mark() {
    points.forEach((point, n) => {
      point.handle.classList.toggle("chosen", point === chosen);
      list.children[n]?.classList.toggle("chosen", point === chosen);
    });
  }

  function changed(anew = true) {
    if (anew) listPoints();
    save.disabled = true;
    clearTimeout(timer);
    timer = setTimeout(solve, 150);
  }

  const lens = root.querySelector("[data-lens]");
  const sent = () => ({ points: points.map((point) => point.data), ...(lens.checked ? rest : {}), windows });

  async function solve() {
    const mine = ++asked;
    if (points.length < 4) {
      stage.lines.replaceChildren();
      return stage.say(fill(texts.more, { n: points.length }));
    }
    const answer = await stage.post(`${setup.here}/solve`, sent(), true);
    if (mine === asked) draw(answer);
  }

  function draw(answer) {
    const refused = answer.refused !== undefined;
    save.disabled = refused;
    if (refused) {
      stage.lines.replaceChildren();
      listPoints();
      return stage.say(answer.refused, true);
    }
    const path = (pixels) => pixels.map((pixel) => pixel.join(",")).join(" ");
    const frames = answer.frames.map((corners) => element("polygon", { class: "frame", points: path(corners) }));
    const floors = answer.floors.flatMap((floor) => {
      const line = [element("polyline", { class: "floor", points: path(floor.path) })];
      if (floor.label) line.push(element("text", { x: floor.label[0], y: floor.label[1] }, floor.name));
      return line;
    });
    stage.lines.replaceChildren(...frames, ...floors);
    listPoints(answer.errors_px);
    stage.say([answer.words.join(" "), ...(answer.notes || [])].join(" "));
  }

  async function find() {
    stage.say(texts.finding);
    save.disabled = true;
    const part = Number(root.querySelector("[data-part]").value) || 1;
    const answer = await stage.post(`${setup.here}/find`, { lowest: root.querySelector("[data-lowest]").value, part });
    if (!answer) return;
    windows = answer.windows;
    const names = windows.map((window) => window.name);
    listWindows(windows.length ? names : setup.windows);
    root.querySelector("[data-windows-box]").hidden = !windows.length || setup.windows.length > 0;
    load(answer.marks);
    answer.notes = [fill(texts.found, { n: answer.found })];
    if (answer.parts > 1) answer.notes.push(fill(texts.parts, { n: answer.parts }));
    if (windows.length) answer.notes.push(fill(texts.unlisted, { names: names.join(", ") }));
    draw(answer);
  }

  async function keep() {
    const listed = !root.querySelector("[data-windows-box]").hidden && take.checked;
    const body = { ...sent(), version: setup.version };
    if (!listed && windows.length && !setup.windows.length) delete body.windows;
    const answer = await stage.post(`${setup.here}/save`, body);
    if (!answer) return;
    setup.version = answer.version;
    save.disabled = true;
    stage.say(fill(answer.told ? texts.saved : texts.saved_only, answer));
  }

  for (const name of ["floor", "window", "side", "x", "above"]) {
    field(name).addEventListener("input", () => { read(); if (chosen) changed(); });
  }
  doing("take", async () => { if (await stage.take(setup.here)) solve(); });
  doing("add", () => { if (stage.size[0]) add([stage.size[0] / 2, stage.size[1] / 2]); });
  doing("up", () => shift(1));
  doing("down", () => shift(-1));
  doing("find", find);
  // what is known of the lens stays: points marked by hand tell nothing of it
  doing("clear", () => { load({ points: [], distortion: rest.distortion || [], focal_px: rest.focal_px }); changed(); });
  lens.addEventListener("change", () => changed());
  doing("save", keep);
  enable();
  (async () => {
    if (!await stage.take(setup.here)) return;
    load(setup.marks);
    solve();
  })();
}
