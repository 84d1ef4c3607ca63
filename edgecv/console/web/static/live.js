// A live picture: asked for once a second while the page is looked at. Nobody looking, nothing asked, nothing encoded.
for (const box of document.querySelectorAll("[data-live]")) {
  const image = box.querySelector("img"), status = box.querySelector("[role=status]"), pause = box.querySelector("button");
  let paused = false, shown = null, told = "";
  const say = (text) => { if (text !== told) status.textContent = told = text; };
  const ask = async () => {
    if (!paused && !document.hidden) {
      try {
        const answer = await fetch(box.dataset.live, { cache: "no-store" });
        if (answer.ok && answer.headers.get("content-type") === "image/jpeg") {
          const url = URL.createObjectURL(await answer.blob());
          image.src = url;
          if (shown) URL.revokeObjectURL(shown);
          shown = url;
          say("");
        } else say(box.dataset.old);
      } catch { say(box.dataset.old); }
    }
    setTimeout(ask, 1000);
  };
  pause.addEventListener("click", () => { paused = !paused; pause.setAttribute("aria-pressed", String(paused)); });
  ask();
}
