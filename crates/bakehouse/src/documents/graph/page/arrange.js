"use strict";
/**
 * Places boxes in columns, and leads edges around them. dagre decides columns, orders and heights. In a column, an edge
 * that passes keeps to the height that dagre reserved for it; it bends only between columns, where there are no boxes.
 */
const arrange = (() => {
  const GAP = { row: 10, lane: 8, column: 44, narrowest: 22, widest: 260 };
  const MARGIN = 12;
  /** How far boxes move apart at most. */
  const STRETCH = 2.2;
  const PORT = 6;

  /** Runs dagre. All outputs are in the last column, or the one before, thanks to a node behind them. */
  const layered = (boxes) => {
    const graph = new dagre.graphlib.Graph();
    graph.setGraph({ rankdir: "LR", nodesep: GAP.row, edgesep: GAP.lane, ranksep: GAP.column });
    const place = new Map(boxes.map((box, index) => [box, String(index)]));
    boxes.forEach((box, index) => graph.setNode(String(index), { width: box.width, height: box.height }));
    graph.setNode("end", { width: 0, height: 0 });
    boxes.forEach((box, index) => {
      for (const needed of box.needs) graph.setEdge(place.get(needed), String(index), { labelpos: "c" });
      if (box.isLast) graph.setEdge(String(index), "end", { labelpos: "c", weight: boxes.length });
    });
    dagre.layout(graph);
    return graph;
  };

  /** Returns the columns from the left: `{centre, width, boxes}`. */
  const columnsOf = (boxes, graph) => {
    const columns = new Map();
    boxes.forEach((box, index) => {
      const { x, y } = graph.node(String(index));
      const centre = Math.round(x);
      if (!columns.has(centre)) columns.set(centre, { centre, width: 0, boxes: [] });
      const column = columns.get(centre);
      column.boxes.push(box);
      column.width = Math.max(column.width, box.width);
      box.y = y - box.height / 2;
    });
    return [...columns.values()].sort((a, b) => a.centre - b.centre);
  };

  /** Returns the edges with the heights at which they pass the columns between their ends. */
  const edgesOf = (boxes, columns, graph) => {
    const columnAt = new Map(columns.map((column, index) => [column.centre, index]));
    const edges = [];
    for (const { v, w } of graph.edges()) {
      if (w === "end") continue;
      const [from, to] = [boxes[Number(v)], boxes[Number(w)]];
      const passes = new Map();
      for (const point of graph.edge(v, w).points) {
        const column = columnAt.get(Math.round(point.x));
        if (column > from.column && column < to.column) passes.set(column, point.y);
      }
      edges.push({ from, to, passes });
    }
    return edges;
  };

  /** Spreads the ends of edges over the sides of boxes, in the order of what is at their other ends. */
  const spread = (edges) => {
    const ends = (box, side, other) => {
      const own = edges.filter((edge) => edge[side] === box);
      const next = side === "from" ? box.column + 1 : box.column - 1;
      const height = (edge) => edge.passes.get(next) ?? edge[other].y + edge[other].height / 2;
      own.sort((a, b) => height(a) - height(b));
      const step = Math.min(PORT, (box.height - 8) / own.length);
      own.forEach((edge, index) => {
        edge[`${side}Y`] = box.y + box.height / 2 + (index - (own.length - 1) / 2) * step;
      });
    };
    for (const box of new Set(edges.map((edge) => edge.from))) ends(box, "from", "to");
    for (const box of new Set(edges.map((edge) => edge.to))) ends(box, "to", "from");
  };

  const pathOf = (edge, columns) => {
    const number = (value) => Math.round(value * 10) / 10;
    const [first, last] = [columns[edge.from.column], columns[edge.to.column]];
    let [x, y] = [first.x + first.width, edge.fromY];
    let path = `M${number(x)} ${number(y)}`;
    const bend = (toX, toY) => {
      const middle = number((x + toX) / 2);
      path += `C${middle} ${number(y)} ${middle} ${number(toY)} ${number(toX)} ${number(toY)}`;
      [x, y] = [toX, toY];
    };
    for (let index = edge.from.column + 1; index < edge.to.column; index += 1) {
      const column = columns[index];
      bend(column.x, edge.passes.get(index));
      x = column.x + column.width;
      path += `H${number(x)}`;
    }
    bend(last.x, edge.toY);
    return path;
  };

  /**
   * Sets `x`, `y` and `column` of each box, and widens boxes to their columns. The drawing is stretched to the part of
   * the pane that is seen, `width` by `seen`, at the scale `largest`. Columns stand closer if it would be smaller than at
   * `smallest`.
   * Returns `{width, height, edges: [{from, to, path}]}`.
   */
  return (boxes, pane, { smallest, largest }) => {
    if (boxes.length === 0) return { width: 0, height: 0, edges: [] };
    const graph = layered(boxes);
    const columns = columnsOf(boxes, graph);
    columns.forEach((column, index) => column.boxes.forEach((box) => { box.column = index; }));
    const edges = edgesOf(boxes, columns, graph);
    const lanes = edges.flatMap((edge) => [...edge.passes.values()]);
    const top = Math.min(...boxes.map((box) => box.y), ...lanes);
    const tall = Math.max(...boxes.map((box) => box.y + box.height), ...lanes) - top;
    const wide = columns.reduce((sum, column) => sum + column.width, 0);
    const gaps = columns.length - 1;
    const shape = pane.width / pane.height;
    const gapFor = (width) => (gaps > 0 ? (width - 2 * MARGIN - wide) / gaps : 0);
    const least = Math.min(GAP.column, Math.max(GAP.narrowest, gapFor(pane.width / smallest)));
    const filling = gapFor(Math.max((tall + 2 * MARGIN) * shape, pane.width / largest));
    const gap = Math.min(GAP.widest, Math.max(least, filling));
    const width = wide + gaps * gap + 2 * MARGIN;
    const high = Math.max((width * pane.seen) / pane.width, pane.seen / largest);
    const stretch = Math.min(STRETCH, Math.max(1, (high - 2 * MARGIN) / tall));
    let x = MARGIN;
    for (const column of columns) {
      column.x = x;
      for (const box of column.boxes) {
        box.x = x;
        box.width = column.width;
        box.y = MARGIN + (box.y + box.height / 2 - top) * stretch - box.height / 2;
      }
      x += column.width + gap;
    }
    for (const edge of edges) edge.passes.forEach((y, index) => edge.passes.set(index, MARGIN + (y - top) * stretch));
    spread(edges);
    return {
      width,
      height: tall * stretch + 2 * MARGIN,
      edges: edges.map((edge) => ({ from: edge.from, to: edge.to, path: pathOf(edge, columns) })),
    };
  };
})();
