"use strict";
/** Draws boxes as HTML, so that their names are buttons, above edges as SVG. */
const drawing = (() => {
  const sheet = document.getElementById("sheet");
  const SVG = "http://www.w3.org/2000/svg";

  const make = (tag, text, className) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (className !== undefined) element.className = className;
    return element;
  };
  const button = (className) => {
    const element = make("button", undefined, className);
    element.type = "button";
    element.tabIndex = -1;
    return element;
  };

  const placesOf = (rows) => rows.flatMap((row) => [row.place, row.also]).filter((place) => place !== null);

  const drawEdges = (plan) => {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("width", plan.width);
    svg.setAttribute("height", plan.height);
    svg.setAttribute("aria-hidden", "true");
    sheet.append(svg);
    return plan.edges.map(({ from, to, path }) => {
      const element = document.createElementNS(SVG, "path");
      element.setAttribute("d", path);
      element.setAttribute("class", "edge");
      svg.append(element);
      return { element, from, to };
    });
  };

  const drawBox = (graph, box) => {
    const element = make("div", undefined, `box ${box.kind}${box.rows.length > 1 ? "" : " single"}`);
    const { x, y, width, height } = box;
    Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    if (box.rows.length > 1) {
      element.setAttribute("role", "group");
      element.setAttribute("aria-label", box.title ?? box.rows.map((row) => row.name).join(", "));
    }
    if (box.title !== null) {
      const title = make("div", box.title, "title");
      title.title = box.title;
      element.append(title);
    }
    const grid = make("div", undefined, "grid");
    grid.style.gridTemplateColumns = `repeat(${box.across}, minmax(0, 1fr))`;
    element.append(grid);
    sheet.append(element);
    return grid;
  };

  /**
   * Draws a plan. Returns the button that stands for each node, buttons that stand for several hidden ones, and edges.
   * `describe` is called with each button of a node, and with its row.
   */
  const draw = (graph, plan, describe) => {
    sheet.replaceChildren();
    for (const box of plan.boxes) box.places = placesOf([...box.rows, ...box.hidden]);
    const edges = drawEdges(plan);
    const items = new Map();
    const rest = [];
    for (const box of [...plan.boxes].sort((a, b) => a.column - b.column || a.y - b.y)) {
      const grid = drawBox(graph, box);
      for (const row of box.rows) {
        const item = button(`item ${graph.nodes[row.place].kind}${box.below ? " below" : ""}`);
        item.dataset.node = row.place;
        item.append(make("bdi", row.name));
        if (row.more !== "") item.append(make("bdi", row.more, "more"));
        describe(item, row);
        items.set(row.place, item);
        if (row.also !== null && !items.has(row.also)) items.set(row.also, item);
        grid.append(item);
      }
      if (box.hidden.length > 0) {
        const item = button("item rest");
        item.textContent = `${box.hidden.length} more`;
        item.dataset.group = box.key;
        grid.append(item);
        rest.push({ item, places: placesOf(box.hidden) });
      }
    }
    return { items, rest, edges };
  };

  return { draw, make };
})();
