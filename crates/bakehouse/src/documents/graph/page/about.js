"use strict";
/** Describes what is chosen, and lists everything, beside the drawing. */
const about = (() => {
  const { make } = drawing;
  const { count } = model;
  const described = document.getElementById("about");
  const list = document.getElementById("list");

  const key = (node) => `${node.kind}:${node.name}`;
  const address = (node) => `#${encodeURIComponent(key(node))}`;
  const bytes = (number) => {
    if (number < 1024) return `${number} B`;
    return number < 1024 ** 2 ? `${(number / 1024).toFixed(1)} KiB` : `${(number / 1024 ** 2).toFixed(1)} MiB`;
  };
  const link = (node) => {
    const a = make("a");
    a.append(make("bdi", node.name));
    a.href = address(node);
    return a;
  };

  /** Returns a list of links, each with the note that `note` returns. */
  const linked = (graph, places, note) => {
    const ul = make("ul");
    for (const place of places) {
      const li = make("li");
      li.append(link(graph.nodes[place]));
      if (note !== undefined) li.append(make("small", note(graph.nodes[place])));
      ul.append(li);
    }
    return ul;
  };
  const section = (graph, title, className, places, note) => {
    if (places.length > 0) described.append(make("h3", `${title} (${places.length})`, className), linked(graph, places, note));
  };

  const facts = (graph, node) => {
    const say = (text) => described.append(make("p", text));
    if (node.kind === "crate") {
      say(`${count(node.files, "file")}, ${bytes(node.bytes)}, ${node.commits} of ${count(graph.commits, "commit")}`);
      say(`a change compiles ${count(node.rebuilds, "stage")} again`);
    }
    if (node.seconds !== null) say(`its own stages took ${node.seconds.toFixed(1)} s when they last ran here`);
    const cost = graph.history.services.find((service) => service.name === node.name);
    if (cost && node.hash) {
      say(`built again after ${cost.commits} of ${count(graph.commits, "commit")}, ${cost.seconds_per_commit.toFixed(1)} s for a commit on average`);
    }
  };

  /** Describes a node, or nothing if `place` is null. */
  const describe = (graph, place) => {
    if (place === null) {
      described.replaceChildren();
      return;
    }
    const node = graph.nodes[place];
    const heading = make("h2");
    heading.append(make("bdi", node.name));
    described.replaceChildren(heading, make("p", `${model.WORDS[node.kind]}: ${node.about}`));
    facts(graph, node);
    const outputs = node.changes.filter((other) => other !== place);
    section(graph, "Built again when it changes", "again", outputs);
    const crates = node.closure.filter((other) => other !== place);
    crates.sort((a, b) => graph.nodes[b].bytes - graph.nodes[a].bytes);
    section(graph, "Compiled from", "made", crates, (crate) => `${bytes(crate.bytes)}, ${count(crate.commits, "commit")}`);
    if (node.kind === "pack") section(graph, "Binaries", "made", node.needs);
    if (node.stages.length > 0) {
      described.append(make("h3", `Stages (${node.stages.length})`), make("p", node.stages.join(" → ")));
    }
    if (node.hash) {
      const p = make("p", "input hash ");
      p.append(make("code", node.hash));
      described.append(p);
    }
  };

  /** Lists the nodes at `places` by their kinds; crates by the number of outputs that contain them. */
  const enumerate = (graph, places) => {
    list.replaceChildren();
    for (const kind of Object.keys(model.WORDS)) {
      const own = places.filter((place) => graph.nodes[place].kind === kind);
      if (own.length === 0) continue;
      const uses = (place) => graph.nodes[place].changes.length;
      const name = (place) => graph.nodes[place].name;
      own.sort((a, b) => (kind === "crate" ? uses(b) - uses(a) : 0) || (name(a) < name(b) ? -1 : 1));
      const note = kind === "crate" ? (node) => `in ${node.changes.length}` : undefined;
      list.append(make("h2", model.words(kind, own.length)), linked(graph, own, note));
    }
  };

  return { address, describe, enumerate, key };
})();
