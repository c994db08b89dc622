"use strict";
/** The drawing in its pane: its level of detail, its size, and the colours of what is chosen. */
const view = (() => {
  const graph = JSON.parse(document.getElementById("data").textContent);
  const users = model.usersOf(graph);
  const element = (id) => document.getElementById(id);
  const [stage, sheet] = ["stage", "sheet"].map(element);

  /** Scales of the drawing. Its text has 14 px, and is to have 11 at least. */
  const scales = { smallest: 11 / 14, largest: 1.15 };
  /** Levels with more boxes are not tried unless they are asked for: they take seconds, and cannot fit. */
  const MOST = 80;
  const STATES = ["again", "between", "made", "picked"];

  const state = { chosen: null, shown: null, open: new Set(), scale: 1, fits: true, onPaper: false, plan: null, items: new Map(), rest: [], edges: [] };

  /** Pixels without which rounding makes scroll bars appear. */
  const SPARE = 4;
  /** In a narrow window the description stands below the drawing, which is as high as it must be. */
  const isNarrow = matchMedia("(max-width: 60rem)");
  /** The part of a sheet of paper in landscape that a drawing takes. */
  const PAPER = { width: 1000, seen: 620, height: 620 };
  const pane = () => {
    if (state.onPaper) return PAPER;
    const width = Math.max(200, stage.offsetWidth - SPARE);
    const above = stage.getBoundingClientRect().top + scrollY;
    const seen = Math.max(200, (isNarrow.matches ? innerHeight - above : stage.offsetHeight) - SPARE);
    return { width, seen, height: isNarrow.matches ? Math.max(1.15 * width, seen) : seen };
  };

  /** Returns the plan of the wanted level, or the finest that can be read in the pane. */
  const planned = () => {
    const plan = (level, some) => {
      const options = { level, shown: state.shown, implied: element("implied").checked };
      return forms(graph, users, options, { pane: pane(), open: state.open, scales }, some);
    };
    const wanted = element("level").value;
    if (wanted !== "fit") return plan(wanted, false);
    const isFew = (level) => model.drawing(graph, users, { level, shown: state.shown, implied: true }).length <= MOST;
    const finer = model.LEVELS.slice(0, -1);
    for (const level of finer.filter(isFew)) {
      const next = plan(level, false);
      if (next.scale >= scales.smallest) return next;
    }
    return plan(model.LEVELS.at(-1), true);
  };

  const heats = (of) => {
    const most = Math.max(0, ...graph.nodes.map(of));
    const differ = graph.nodes.some((node) => of(node) > 0 && of(node) < most);
    return graph.nodes.map((node) => (differ && of(node) > 0 ? Math.max(1, Math.floor((4 * of(node)) / most)) : 0));
  };
  const byCommits = heats((node) => node.commits);
  const byTime = heats((node) => node.seconds ?? 0);

  const describe = (item, row) => {
    const node = graph.nodes[row.place];
    const heat = (heats) => Math.max(heats[row.place], row.also === null ? 0 : heats[row.also]);
    const kind = model.WORDS[node.kind];
    item.classList.add(`commits-${heat(byCommits)}`, `time-${heat(byTime)}`);
    item.title = `${kind} ${node.name}: ${node.about}`;
    const outputs = node.kind === "crate" ? `, in ${model.count(node.changes.length, "output")}` : "";
    item.setAttribute("aria-label", `${node.name}, ${kind}${outputs}`);
  };

  /** Sets the scale, and keeps the point of the drawing that is at `x` and `y` in the pane where it is. */
  const zoom = (scale, x, y) => {
    const { width, height } = state.plan;
    const old = state.scale;
    const next = Math.min(4, Math.max(0.05, scale));
    const at = { left: sheet.offsetLeft, top: sheet.offsetTop };
    const point = { x: (stage.scrollLeft + x - at.left) / old, y: (stage.scrollTop + y - at.top) / old };
    state.scale = next;
    stage.style.height = isNarrow.matches || state.onPaper ? `${Math.max(height * next, 200) + SPARE}px` : "";
    const room = state.onPaper ? PAPER : { width: stage.clientWidth, height: stage.clientHeight };
    const [left, top] = [room.width - width * next, room.height - height * next].map((rest) => Math.max(0, rest / 2));
    Object.assign(sheet.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
    sheet.style.transform = `scale(${next})`;
    stage.scrollTo(point.x * next + left - x, point.y * next + top - y);
  };
  const fit = () => {
    const { width, height } = pane();
    state.fits = true;
    zoom(Math.min(scales.largest, width / state.plan.width, height / state.plan.height), 0, 0);
  };
  const zoomBy = (factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) => {
    state.fits = false;
    zoom(state.scale * factor, x, y);
  };

  /** Paints edges between boxes with nodes of `lit`. They lead away from what is chosen. */
  const paintEdges = (name, lit, edges) => {
    const isLit = (box) => box.places.some((place) => place === state.chosen || lit.has(place));
    const start = state.plan.boxes.find((box) => box.places.includes(state.chosen));
    const around = lit.size > 0 ? model.detours(edges, isLit, start) : new Set();
    for (const edge of edges) {
      const joins = lit.size > 0 && isLit(edge.from) && isLit(edge.to);
      edge.element.classList.toggle(name, joins || around.has(edge));
      edge.element.classList.toggle(`${name}-around`, around.has(edge));
    }
  };

  /** Shows what is built again when the chosen node changes, and what that is built from. */
  const paint = () => {
    const chosen = state.chosen;
    const lit = chosen === null ? { again: new Set(), made: new Set() } : model.reach(graph, users, chosen);
    const isCrate = (place) => graph.nodes[place].kind === "crate";
    const is = {
      again: (place) => lit.again.has(place) && !isCrate(place),
      between: (place) => lit.again.has(place) && isCrate(place),
      made: (place) => lit.made.has(place),
      picked: (place) => place === chosen,
    };
    const all = [...[...state.items].map(([place, item]) => ({ item, places: [place] })), ...state.rest];
    for (const { item } of all) item.classList.remove(...STATES);
    for (const { item, places } of all) {
      for (const name of STATES) if (places.some(is[name])) item.classList.add(name);
    }
    for (const item of state.items.values()) item.setAttribute("aria-pressed", String(item.classList.contains("picked")));
    paintEdges("again", lit.again, state.edges);
    paintEdges("made", lit.made, state.edges.map(({ element, from, to }) => ({ element, from: to, to: from })));
    sheet.classList.toggle("chosen", chosen !== null);
    const { colour } = sheet.dataset;
    const coloured = { commits: byCommits, time: byTime }[colour]?.some((heat) => heat > 0);
    if (chosen === null) caption.all(graph, state.plan.level, coloured ? colour : null);
    else caption.chosen(graph, chosen, lit);
  };

  const draw = () => {
    const focused = sheet.contains(document.activeElement) ? document.activeElement : null;
    state.plan = planned();
    Object.assign(state, drawing.draw(graph, state.plan, describe));
    const [first] = state.items.values();
    const next = state.items.get(Number(focused?.dataset.node)) ?? state.items.get(state.chosen) ?? first;
    if (next) next.tabIndex = 0;
    paint();
    if (state.fits) fit();
    else zoomBy(1);
    if (focused !== null) next?.focus();
  };

  /** Chooses a node, or none if `place` is null, and draws only what is lit if `only` is true. */
  const choose = (place, only) => {
    state.chosen = place;
    const before = state.shown;
    state.shown = null;
    if (only && place !== null) {
      const lit = model.reach(graph, users, place);
      state.shown = new Set([place, ...lit.again, ...lit.made]);
    }
    if (before !== null || state.shown !== null) draw();
    else paint();
  };

  const open = (group) => {
    state.open.add(group);
    draw();
  };

  /** Draws for paper, or for the screen again. */
  const print = (onPaper) => {
    Object.assign(state, { onPaper, fits: true });
    draw();
  };

  return { choose, draw, fit, graph, open, paint, print, state, zoomBy };
})();
