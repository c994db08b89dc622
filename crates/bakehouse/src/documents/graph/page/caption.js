"use strict";
/** Says above the drawing what it shows, or what a choice means, with the colours for it. */
const caption = (() => {
  const line = document.getElementById("caption");
  const LEVELS = {
    crates: "Each crate has a box.",
    outputs: "Crates in the same outputs are grouped.",
    folders: "Outputs are grouped by folder, crates by the outputs that they are in.",
  };

  const kindsOf = (graph, places) => {
    const by = Map.groupBy(places, (place) => graph.nodes[place].kind);
    return Object.keys(model.WORDS).filter((kind) => by.has(kind)).map((kind) => [kind, model.words(kind, by.get(kind).length)]);
  };
  const key = (className, text) => drawing.make("span", text, `key ${className}`);

  /** Describes the whole drawing at a level. `colour` is what stronger colours mean, if there are any. */
  const all = (graph, level, colour) => {
    const kinds = kindsOf(graph, graph.nodes.map((_, place) => place));
    const stronger = colour === null ? "" : ` Stronger colour: more ${colour}.`;
    const text = `${LEVELS[level]} What a box is built from is left of it.${stronger}`;
    line.replaceChildren(...kinds.map(([kind, words]) => key(`box ${kind}`, words)), drawing.make("span", text));
  };

  /** Describes a choice by what is built again when it changes, and what it is built from. */
  const chosen = (graph, place, { again, made }) => {
    const isCrate = (one) => graph.nodes[one].kind === "crate";
    const parts = [
      ["again", "built again when it changes", [...again].filter((one) => !isCrate(one))],
      ["between", "compiled again", [...again].filter(isCrate)],
      ["made", "built from", [...made]],
    ];
    const some = parts.filter(([, , places]) => places.length > 0);
    const listed = (places) => kindsOf(graph, places).map(([, words]) => words).join(", ");
    line.replaceChildren(key("picked", graph.nodes[place].name), ...some.map(([name, text, places]) => key(name, `${text}: ${listed(places)}`)));
  };

  return { all, chosen };
})();
