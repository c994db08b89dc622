"use strict";
/** Answers clicks, keys and searches. */
{
  const { graph, state } = view;
  const element = (id) => document.getElementById(id);
  const [stage, sheet, search, only] = ["stage", "sheet", "search", "only"].map(element);

  const choose = (place) => {
    only.disabled = place === null;
    about.describe(graph, place);
    view.choose(place, only.checked);
    if (place !== null) state.items.get(place)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const follow = () => {
    const wanted = decoded(location.hash.slice(1));
    const place = graph.nodes.findIndex((node) => about.key(node) === wanted);
    choose(place < 0 ? null : place);
  };
  const go = (place) => {
    const hash = about.address(graph.nodes[place]);
    if (location.hash === hash) follow();
    else location.hash = hash;
  };

  const mark = () => {
    const words = search.value.trim().toLowerCase();
    const all = graph.nodes.map((_, place) => place);
    const hits = all.filter((place) => graph.nodes[place].name.toLowerCase().includes(words));
    for (const item of state.items.values()) item.classList.remove("found");
    if (words !== "") for (const place of hits) state.items.get(place)?.classList.add("found");
    element("found").textContent = words === "" ? "" : `${hits.length} found`;
    return { words, hits };
  };
  const look = () => {
    const { words, hits } = mark();
    about.enumerate(graph, hits);
    return words === "" ? [] : hits;
  };
  const redraw = () => {
    view.draw();
    mark();
  };

  /** Moves the focus to the nearest button in that direction. */
  const move = (from, [dx, dy]) => {
    const middle = (item) => {
      const { left, top, width, height } = item.getBoundingClientRect();
      return [left + width / 2, top + height / 2];
    };
    const [x, y] = middle(from);
    let best = null;
    for (const item of sheet.querySelectorAll(".item")) {
      const [otherX, otherY] = middle(item);
      const along = (otherX - x) * dx + (otherY - y) * dy;
      const aside = Math.abs((otherX - x) * dy) + Math.abs((otherY - y) * dx);
      const distance = along + 3 * aside;
      if (along > 4 && (best === null || distance < best.distance)) best = { item, distance };
    }
    if (best === null) return;
    from.tabIndex = -1;
    best.item.tabIndex = 0;
    best.item.focus();
  };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  sheet.addEventListener("click", (event) => {
    const item = event.target.closest(".item");
    if (item?.dataset.group !== undefined) {
      view.open(item.dataset.group);
      mark();
    } else if (item) go(Number(item.dataset.node));
  });
  sheet.addEventListener("keydown", (event) => {
    const item = event.target.closest(".item");
    if (item && event.key in ARROWS) {
      event.preventDefault();
      move(item, ARROWS[event.key]);
    }
  });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { left, top } = stage.getBoundingClientRect();
    view.zoomBy(event.deltaY < 0 ? 1.1 : 1 / 1.1, event.clientX - left, event.clientY - top);
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest(".item")) return;
    const start = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop };
    const drag = (moved) => stage.scrollTo(start.x - moved.clientX, start.y - moved.clientY);
    addEventListener("pointermove", drag);
    addEventListener("pointerup", () => removeEventListener("pointermove", drag), { once: true });
  });
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    const [first] = event.key === "Enter" ? look() : [];
    if (first !== undefined) go(first);
  });
  element("colour").addEventListener("change", (event) => {
    sheet.dataset.colour = event.target.value;
    view.paint();
  });
  element("level").addEventListener("change", redraw);
  element("implied").addEventListener("change", redraw);
  only.addEventListener("change", () => {
    view.choose(state.chosen, only.checked);
    mark();
  });
  element("in").addEventListener("click", () => view.zoomBy(1.25));
  element("out").addEventListener("click", () => view.zoomBy(0.8));
  element("fit").addEventListener("click", view.fit);
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      look();
      if (location.hash !== "") location.hash = "";
      else choose(null);
    } else if (["INPUT", "SELECT"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "+") view.zoomBy(1.25);
    else if (event.key === "-") view.zoomBy(0.8);
    else if (event.key === "0") view.fit();
    else if (event.key === "f" && state.chosen !== null) only.click();
  });

  let resized = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(resized);
    if (state.fits && !state.onPaper) resized = requestAnimationFrame(redraw);
  });
  addEventListener("beforeprint", () => view.print(true));
  addEventListener("afterprint", () => view.print(false));
  view.draw();
  look();
  follow();
}
