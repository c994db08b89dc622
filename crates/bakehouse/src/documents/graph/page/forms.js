"use strict";
/** Decides what stands in boxes and how large they are. Text has 14 px. */
const forms = (() => {
  const ROW = 26;
  const PADDING = 3;
  const INSET = 8;
  /** The width up to which a heading widens its box. */
  const HEADING = 175;
  const ACROSS = 8;
  /**
   * Forms of a drawing: the rows of a group, how many of its names are shown, the width of the longest, and whether the
   * crate of a service stands below it.
   */
  const form = (rows, names, longest, below) => ({ rows, names, longest, below });
  const BESIDE = form(1, Infinity, 230, false);
  const EACH = [BESIDE, form(1, Infinity, 230, true), form(1, Infinity, 150, true)];
  const GROUPS = [230, 150].flatMap((longest) => [8, 16, 32].map((rows) => form(rows, Infinity, longest, true)));
  const SOME = [24, 16, 10, 6, 3].flatMap((names) => [1, 2, 4].map((across) => form(Math.ceil((names + 1) / across), names, 150, true)));

  const pen = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const widthOf = (text, bold) => {
    pen.font = `${bold ? "600 " : ""}14px ${family}`;
    return Math.ceil(pen.measureText(text).width) + 1;
  };

  /** Returns a name that fits, with its middle left out if it must be. */
  const fitted = (name, width, bold) => {
    const letters = Array.from(name);
    let short = name;
    for (let left = letters.length - 1; left > 1 && widthOf(short, bold) > width; left -= 1) {
      const start = Math.ceil(left / 2);
      short = `${letters.slice(0, start).join("")}…${letters.slice(letters.length - (left - start)).join("")}`;
    }
    return short;
  };

  /** Returns what stands in a box: `[{place, also, name, more}]`, where `also` is a crate without a row of its own. */
  const rowsOf = (graph, box) =>
    box.units.flatMap((unit) => {
      const rows = unit.items.map((place) => ({ place, also: null, name: graph.nodes[place].name, more: "" }));
      if (unit.crate === null) return rows;
      const crate = graph.nodes[unit.crate].name;
      if (rows.length === 1 || box.units.length > 1) {
        for (const row of rows) row.also = unit.crate;
        if (box.units.length === 1 && crate !== rows[0].name) rows[0].more = crate;
        return rows;
      }
      return [...rows, { place: unit.crate, also: null, name: crate, more: "" }];
    });

  const lengthOf = (row) => widthOf(row.name, true) + widthOf(row.more, false);

  /** Sorts the rows of a group: what is in most outputs first, then by name. */
  const sort = (graph, rows) => {
    const uses = (row) => (graph.nodes[row.place].kind === "crate" ? graph.nodes[row.place].changes.length : 0);
    rows.sort((a, b) => uses(b) - uses(a) || (a.name < b.name ? -1 : 1));
  };

  /** Sets what a box shows in this form, and its size. Groups in `open` show all. */
  const fill = (graph, box, form, open) => {
    const isGroup = box.title !== null;
    box.rows = rowsOf(graph, box);
    box.hidden = [];
    box.below = box.rows.length === 1 && box.rows[0].more !== "" && (form.below || lengthOf(box.rows[0]) > form.longest);
    box.isLast = model.isOutput(box) || box.kind === "pack";
    if (isGroup) {
      sort(graph, box.rows);
      if (box.rows.length > form.names + 1 && !open.has(box.key)) box.hidden = box.rows.splice(form.names);
    }
    const widths = box.rows.map((row) => {
      const bold = graph.nodes[row.place].kind !== "crate";
      row.name = fitted(row.name, form.longest, bold);
      row.more = fitted(row.more, form.longest, false);
      const [name, more] = [widthOf(row.name, bold), row.more === "" ? 0 : widthOf(row.more, false)];
      return box.below ? Math.max(name, more) : name + (more === 0 ? 0 : more + 8);
    });
    const cells = box.rows.length + (box.hidden.length > 0 ? 1 : 0);
    box.across = isGroup ? Math.ceil(cells / Math.max(form.rows, Math.ceil(cells / ACROSS))) : 1;
    const heading = isGroup ? Math.min(HEADING, widthOf(box.title, true)) + 2 * INSET : 0;
    const lines = Math.ceil(cells / box.across) + (isGroup ? 1 : 0);
    box.width = Math.max(heading, box.across * (Math.max(...widths) + 2 * INSET)) + 2 * PADDING;
    box.height = lines * ROW + (box.below ? ROW - 8 : 0) + 2 * PADDING;
  };

  const arranged = (graph, boxes, form, { open, pane, scales }) => {
    const own = boxes.map((box) => ({ ...box }));
    const copies = new Map(boxes.map((box, index) => [box, own[index]]));
    for (const box of own) {
      box.needs = box.needs.map((needed) => copies.get(needed));
      fill(graph, box, form, open);
    }
    const plan = arrange(own, pane, scales);
    return { ...plan, boxes: own, longest: form.longest, scale: Math.min(pane.width / plan.width, pane.height / plan.height) };
  };

  /**
   * Returns the boxes of a level with their places, in the form that is largest in `room`: a pane, the groups that are
   * open, and the scales. If that is smaller than `smallest`, and `some` is true, groups show only some of their names.
   */
  return (graph, users, options, room, some) => {
    const { smallest } = room.scales;
    const boxes = model.drawing(graph, users, options);
    const hasGroups = boxes.some((box) => box.title !== null);
    const hasMore = boxes.some((box) => rowsOf(graph, box).some((row) => row.more !== ""));
    let best = null;
    const attempt = (form) => {
      const next = arranged(graph, boxes, form, room);
      if (best === null || next.scale > best.scale) best = next;
    };
    for (const form of hasGroups ? GROUPS : EACH) {
      if (best !== null && (best.scale >= 1 || (best.scale >= smallest && form.longest < best.longest))) break;
      if (hasMore || hasGroups || !form.below || form.longest < BESIDE.longest) attempt(form);
    }
    for (const form of some && hasGroups ? SOME : []) {
      if (best.scale >= smallest) break;
      attempt(form);
    }
    return { ...best, level: options.level };
  };
})();
