"use strict";
/** Decides which boxes and edges are drawn. Nodes are given by their places in `graph.nodes`. */
const model = (() => {
  const isOutput = (node) => node.kind === "service" || node.kind === "pack-binary";
  const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

  /** Returns the nodes that each node is needed by. */
  const usersOf = (graph) => {
    const users = graph.nodes.map(() => []);
    graph.nodes.forEach((node, place) => node.needs.forEach((needed) => users[needed].push(place)));
    return users;
  };

  /**
   * Returns what a choice of `place` lights: the nodes that are built again when it changes, and those that it is made of.
   */
  const reach = (graph, users, place) => {
    const follow = (next) => {
      const seen = new Set();
      const open = [...next(place)];
      while (open.length > 0) {
        const other = open.pop();
        if (!seen.has(other)) {
          seen.add(other);
          open.push(...next(other));
        }
      }
      return seen;
    };
    return { again: follow((one) => users[one]), made: follow((one) => graph.nodes[one].needs) };
  };

  /**
   * Returns the units that are never parted: a binary crate with the outputs that are built from it alone, or one node.
   * `items` are shown by name, and `crate` is the crate of an output.
   */
  const unitsOf = (graph, users) => {
    const crates = (place) => graph.nodes[place].needs.filter((one) => graph.nodes[one].kind === "crate");
    const taken = new Set();
    const units = [];
    graph.nodes.forEach((node, place) => {
      const outputs = users[place];
      const whole = outputs.length > 0 && outputs.every((one) => isOutput(graph.nodes[one]) && crates(one).length === 1);
      if (node.kind !== "crate" || !whole) return;
      [...outputs, place].forEach((one) => taken.add(one));
      units.push({ kind: graph.nodes[outputs[0]].kind, items: outputs, crate: place });
    });
    graph.nodes.forEach((node, place) => {
      if (!taken.has(place)) units.push({ kind: node.kind, items: [place], crate: null });
    });
    return units;
  };

  /** Removes each edge between two boxes that are connected through others, too. */
  const withoutImplied = (edges) => {
    const reached = new Map();
    const reachOf = (box) => {
      if (!reached.has(box)) {
        reached.set(box, new Set());
        const all = reached.get(box);
        for (const needed of edges.get(box)) {
          all.add(needed);
          reachOf(needed).forEach((one) => all.add(one));
        }
      }
      return reached.get(box);
    };
    const kept = new Map();
    for (const [box, needs] of edges) {
      const implied = (one) => [...needs].some((other) => other !== one && reachOf(other).has(one));
      kept.set(box, new Set([...needs].filter((one) => !implied(one))));
    }
    return kept;
  };

  /**
   * Returns edges by which lit boxes are reached, through boxes that are not, if no lit box leads to them directly: what
   * leads there is implied by these. An edge is `{from, to}`, and `start` is not sought.
   */
  const detours = (edges, isLit, start) => {
    const into = Map.groupBy(edges, (edge) => edge.to);
    const found = new Set();
    for (const [box, own] of into) {
      if (!isLit(box) || box === start || own.some((edge) => isLit(edge.from))) continue;
      const after = new Map([[box, null]]);
      for (const at of after.keys()) {
        if (at !== box && isLit(at)) {
          for (let edge = after.get(at); edge !== null; edge = after.get(edge.to)) found.add(edge);
          break;
        }
        for (const edge of into.get(at) ?? []) if (!after.has(edge.from)) after.set(edge.from, edge);
      }
    }
    return found;
  };

  /** Returns the folder that holds the folder of a unit's crate. */
  const folderOf = (graph, unit) => {
    const crate = unit.crate ?? graph.nodes[unit.items[0]].needs[0] ?? unit.items[0];
    const folder = graph.nodes[crate].folder ?? "";
    return folder.includes("/") ? folder.slice(0, folder.lastIndexOf("/")) : ".";
  };

  /** Returns the number of letters that all these folders have in common, in whole names. */
  const shared = (folders) => {
    const [first = ""] = folders;
    const slash = (from) => first.lastIndexOf("/", from) + 1;
    let length = slash(first.length);
    while (length > 0 && !folders.every((folder) => folder.startsWith(first.slice(0, length)))) length = slash(length - 2);
    return length;
  };

  /** Returns a size class of a number: 1, 2 to 9, 10 to 99 and so on, and `most`. */
  const classOf = (number, most) => {
    if (number === most) return `in all ${most} outputs`;
    if (number === 1) return "in one output";
    const power = 10 ** Math.floor(Math.log10(number));
    const [low, high] = [Math.max(2, power), Math.min(10 * power, most) - 1];
    return `in ${low === high ? low : `${low} to ${high}`} outputs`;
  };

  const inWords = (names, all, what) => {
    if (names.length === all && all > 1) return `in all ${all}${what}`;
    return names.length <= 2 ? `in ${names.join(" and ")}` : `in ${names.length} of ${all}${what}`;
  };

  /** The number of folders from which on crates are grouped by the number of folders alone. */
  const MANY = 6;

  /**
   * The levels of detail, finest first. Each names the group of a unit, given the outputs that contain it. Groups of
   * crates go by the outputs alone, so no two of them need each other.
   */
  const LEVELS = {
    crates: () => null,
    outputs: (unit, outputs, all) => {
      if (unit.kind !== "crate") return null;
      return { key: `crates ${outputs}`, title: inWords(outputs.map(all.name), all.outputs, "") };
    },
    folders: (unit, outputs, all) => {
      if (unit.kind !== "crate") {
        const isParted = isOutput(unit) && all.folders > 1;
        return { key: `${unit.kind} ${isParted ? all.folder(unit) : ""}`, title: isParted ? inWords([all.folder(unit)]) : "" };
      }
      if (all.folders === 1) {
        const title = classOf(outputs.length, all.outputs);
        return { key: `crates ${title}`, title };
      }
      const folders = [...new Set(outputs.map((one) => all.folder(all.unit(one))))].sort();
      const title = inWords(folders, all.folders, " folders");
      return { key: `crates ${all.folders < MANY ? folders.join("\n") : title}`, title };
    },
  };

  /** The words for kinds, in the order in which they are listed. */
  const WORDS = { service: "service", "pack-binary": "pack binary", pack: "pack", image: "image", crate: "crate" };
  const words = (kind, number) => (kind === "pack-binary" && number !== 1 ? `${number} pack binaries` : count(number, WORDS[kind]));

  /**
   * Returns the boxes and edges of a level. Only the nodes of `shown` are drawn, or all if it is null.
   * A box is `{kind, title, units, needs}`; `needs` are other boxes.
   */
  const drawing = (graph, users, { level, shown, implied }) => {
    const isShown = (place) => shown === null || shown.has(place);
    const units = unitsOf(graph, users)
      .map((unit) => ({ ...unit, items: unit.items.filter(isShown) }))
      .map((unit) => (unit.items.length === 0 && unit.crate !== null ? { kind: "crate", items: [unit.crate], crate: null } : unit))
      .filter((unit) => unit.items.some(isShown));
    const unitAt = new Map();
    for (const unit of units) for (const place of [...unit.items, unit.crate]) unitAt.set(place, unit);
    const outputs = units.filter((unit) => isOutput(unit)).flatMap((unit) => unit.items);
    const folders = new Set(outputs.map((place) => folderOf(graph, unitAt.get(place))));
    const prefix = shared([...folders]);
    const all = {
      name: (place) => graph.nodes[place].name,
      folder: (unit) => folderOf(graph, unit).slice(prefix),
      unit: (place) => unitAt.get(place),
      outputs: outputs.length,
      folders: folders.size,
    };
    const boxes = new Map();
    units.forEach((unit, index) => {
      const changed = unit.kind === "crate" ? graph.nodes[unit.items[0]].changes.filter((one) => isShown(one) && unitAt.has(one)) : [];
      const group = LEVELS[level](unit, changed, all);
      const key = group === null ? `unit ${index}` : group.key;
      if (!boxes.has(key)) boxes.set(key, { key, kind: unit.kind, title: group?.title ?? null, units: [] });
      boxes.get(key).units.push(unit);
    });
    const boxAt = new Map();
    for (const box of boxes.values()) {
      for (const unit of box.units) for (const place of [...unit.items, unit.crate]) if (place !== null) boxAt.set(place, box);
      const items = box.units.reduce((sum, unit) => sum + unit.items.length, 0);
      const number = box.kind === "crate" ? items : words(box.kind, items);
      box.title = box.title === null || box.units.length === 1 ? null : `${number} ${box.title}`.trim();
    }
    let edges = new Map([...boxes.values()].map((box) => [box, new Set()]));
    for (const [place, box] of boxAt) {
      for (const needed of graph.nodes[place].needs) {
        const other = boxAt.get(needed);
        if (other !== undefined && other !== box) edges.get(box).add(other);
      }
    }
    if (!implied) edges = withoutImplied(edges);
    return [...edges].map(([box, needs]) => Object.assign(box, { needs: [...needs] }));
  };

  return { LEVELS: Object.keys(LEVELS), count, detours, drawing, isOutput, reach, usersOf, WORDS, words };
})();
