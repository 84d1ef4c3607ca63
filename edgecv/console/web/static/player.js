// Plays the path over a still picture, or over the untouched clip, frame by frame. The clip itself is never changed:
// everything is drawn on a canvas above it.
"use strict";
(() => {
  const PATH = "#00c8ff", ORIGIN = "#ff5a46", RUNNER_UP = "#ffd23f", DARK = "rgba(0, 0, 0, 0.7)";
  const BEFORE_S = 0.6, AFTER_S = 0.8;

  document.querySelectorAll(".player").forEach(setUp);

  function setUp(player) {
    const drawing = JSON.parse(player.dataset.drawing);
    if (!drawing.track.length) { player.querySelector(".controls").hidden = true; return; }
    const pen = player.querySelector("canvas").getContext("2d");
    const parts = {
      play: player.querySelector(".play"), seek: player.querySelector(".seek"),
      clock: player.querySelector(".clock"), speed: player.querySelector(".speed select"),
    };
    const first = drawing.track[0][0], last = drawing.track[drawing.track.length - 1][0];
    const step = middle(drawing.track.slice(1).map((point, n) => point[0] - drawing.track[n][0])) || 0.04;
    const video = player.querySelector("video");
    const tape = video ? clipTape(video, drawing, step) : pathTape(first, last);
    parts.seek.min = first - BEFORE_S;
    parts.seek.max = last + AFTER_S;

    tape.onTime = (t) => {
      draw(pen, drawing, t, step);
      if (document.activeElement !== parts.seek || tape.playing()) { parts.seek.value = t; }
      parts.clock.textContent = `${(t - first).toFixed(2).replace("-", "−")} s`;
      parts.seek.setAttribute("aria-valuetext", parts.clock.textContent);
      player.dataset.time = t;
      if (tape.playing() && t > last + AFTER_S) { tape.pause(); show(); }
    };
    function show() { parts.play.textContent = tape.playing() ? parts.play.dataset.pause : parts.play.dataset.play; }
    parts.play.addEventListener("click", () => {
      if (tape.playing()) { tape.pause(); } else {
        if (tape.time() > last + AFTER_S - step || tape.time() < first - BEFORE_S) { tape.go(first - BEFORE_S); }
        tape.play(Number(parts.speed.value));
      }
      show();
    });
    parts.speed.addEventListener("change", () => { if (tape.playing()) { tape.play(Number(parts.speed.value)); } });
    parts.seek.addEventListener("input", () => { tape.pause(); show(); tape.go(Number(parts.seek.value)); });
    for (const [name, sign] of [["earlier", -1], ["later", 1]]) {
      player.querySelector(`.${name}`).addEventListener("click", () => {
        tape.pause(); show(); tape.go(tape.time() + sign * step);
      });
    }
    if (video) {
      video.addEventListener("error", () => { player.querySelector(".unplayable").hidden = false; });
      tape.go(first - BEFORE_S);
    } else { tape.go(last); }
  }

  // Without a clip: a clock of our own.
  function pathTape(first, last) {
    let now = first, speed = 0, since = 0;
    const tape = {
      onTime: () => {}, time: () => now, playing: () => speed > 0,
      go(t) { now = Math.min(Math.max(t, first - BEFORE_S), last + AFTER_S + 0.01); tape.onTime(now); },
      pause() { speed = 0; },
      play(factor) { speed = factor; since = performance.now(); requestAnimationFrame(tick); },
    };
    function tick(moment) {
      if (!speed) { return; }
      const passed = Math.max(0, moment - since) / 1000;
      since = moment;
      tape.go(now + passed * speed);
      if (speed) { requestAnimationFrame(tick); }
    }
    return tape;
  }

  // The clip: its first picture is at drawing.clipStart of the record's time, whatever the container calls it.
  function clipTape(video, drawing, step) {
    let offset = drawing.clipStart || 0, shown = null, known = false, wanted = null;
    const tape = {
      onTime: () => {}, time: () => (shown === null ? offset + video.currentTime : shown), playing: () => !video.paused,
      go(t) {
        shown = t;
        if (known) { video.currentTime = Math.max(0, t - offset + step / 4); } else { wanted = t; }
        tape.onTime(t);
      },
      pause() { video.pause(); },
      play(factor) { video.playbackRate = factor; const started = video.play(); if (started) { started.catch(() => {}); } },
    };
    function frame(mediaTime) {
      if (!known) {
        known = true;
        offset -= mediaTime;
        if (wanted !== null) { tape.go(wanted); return; }
      }
      shown = offset + mediaTime;
      tape.onTime(shown);
    }
    if (video.requestVideoFrameCallback) {
      const next = (_now, data) => { frame(data.mediaTime); video.requestVideoFrameCallback(next); };
      video.requestVideoFrameCallback(next);
    } else {
      video.addEventListener("loadeddata", () => frame(video.currentTime));
      video.addEventListener("timeupdate", () => frame(video.currentTime));
      video.addEventListener("seeked", () => frame(video.currentTime));
    }
    return tape;
  }

  function draw(pen, drawing, t, step) {
    const [width, height] = drawing.size, unit = Math.max(1, height / 480);
    pen.clearRect(0, 0, width, height);
    pen.lineJoin = pen.lineCap = "round";
    outline(pen, drawing.runnerUp, RUNNER_UP, unit, [4 * unit, 3 * unit]);
    outline(pen, drawing.likely, ORIGIN, 1.6 * unit, []);
    if (!drawing.likely && drawing.pixel) { ring(pen, drawing.pixel, 14 * unit, ORIGIN, 1.6 * unit); }
    const past = drawing.track.filter((point) => point[0] <= t + step / 4);
    if (past.length > 1) {
      pen.beginPath();
      past.forEach((point, n) => (n ? pen.lineTo(point[1], point[2]) : pen.moveTo(point[1], point[2])));
      pen.strokeStyle = DARK; pen.lineWidth = 2.2 * unit; pen.stroke();
      pen.strokeStyle = PATH; pen.lineWidth = unit; pen.stroke();
    }
    const newest = past[past.length - 1];
    if (newest && t - newest[0] < 2 * step) {  // the thing itself stays open: a ring around it
      ring(pen, [newest[1], newest[2]], Math.max(6 * unit, 0.5 * Math.hypot(newest[3], newest[4]) + 4 * unit), PATH, unit);
    }
  }

  function outline(pen, corners, colour, width, dash) {
    if (!corners) { return; }
    pen.beginPath();
    corners.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.setLineDash(dash);
    pen.strokeStyle = DARK; pen.lineWidth = width + 1.5; pen.stroke();
    pen.strokeStyle = colour; pen.lineWidth = width; pen.stroke();
    pen.setLineDash([]);
  }

  function ring(pen, [x, y], radius, colour, width) {
    for (const [ink, wide] of [[DARK, width + 2], [colour, width]]) {
      pen.beginPath(); pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.strokeStyle = ink; pen.lineWidth = wide; pen.stroke();
    }
  }

  function middle(values) {
    const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  }
})();
