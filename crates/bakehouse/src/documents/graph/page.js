"use strict";
addEventListener("DOMContentLoaded", () => {
  const graph = JSON.parse(document.getElementById("data").textContent);
  const svg = document.querySelector("svg.graph");
  const boxes = [...svg.querySelectorAll(".node")];
  const edges = [...svg.querySelectorAll(".edge")];
  const about = document.getElementById("about");
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  const stage = document.getElementById("stage");
  const size = { width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height };
  const key = (node) => `${node.kind}:${node.name}`;
  let zoom = 1;

  const make = (tag, text) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const link = (place) => {
    const a = make("a", graph.nodes[place].name);
    a.href = `#${key(graph.nodes[place])}`;
    return a;
  };
  const list = (title, places) => {
    about.append(make("h3", `${title} (${places.length})`));
    const ul = make("ul");
    for (const place of places) {
      const li = make("li");
      li.append(link(place));
      ul.append(li);
    }
    about.append(ul);
  };
  const commits = (count) => (count === 1 ? "1 commit" : `${count} commits`);
  const bytes = (count) => (count < 1024 ? `${count} B` : `${(count / 1024).toFixed(1)} KiB`);

  const describe = (place) => {
    const node = graph.nodes[place];
    about.replaceChildren(make("h2", node.name), make("p", node.about));
    if (node.hash) {
      const p = make("p", "input hash ");
      p.append(make("code", node.hash));
      about.append(p);
    }
    if (node.kind === "crate") {
      about.append(make("p", `${node.files} files, ${bytes(node.bytes)}, ${node.commits} of ${commits(graph.commits)}`));
      about.append(make("p", `a change compiles ${node.rebuilds} stages again`));
    }
    if (node.seconds !== null) {
      about.append(make("p", `its own stages took ${node.seconds.toFixed(1)} s when they last ran here`));
    }
    const cost = graph.history.services.find((service) => service.name === node.name);
    if (cost && node.hash) {
      about.append(make("p", `built again after ${cost.commits} of ${commits(graph.commits)}, ${cost.seconds_per_commit.toFixed(1)} s for a commit on average`));
    }
    if (node.kind === "crate") {
      list("Built again when it changes", node.changes);
    }
    const rest = node.closure.filter((other) => other !== place);
    if (node.kind === "pack") {
      list("Binaries", node.needs);
    } else {
      about.append(make("h3", `Compiled from (${rest.length})`));
      const table = make("table");
      rest.sort((a, b) => graph.nodes[b].bytes - graph.nodes[a].bytes);
      for (const other of rest) {
        const row = make("tr");
        const name = make("td");
        name.append(link(other));
        row.append(name, make("td", bytes(graph.nodes[other].bytes)), make("td", commits(graph.nodes[other].commits)));
        table.append(row);
      }
      about.append(table);
    }
    if (node.stages.length > 0) {
      about.append(make("h3", `Stages (${node.stages.length})`), make("p", node.stages.join(" → ")));
    }
  };

  const clear = () => {
    svg.classList.remove("chosen");
    for (const element of [...boxes, ...edges]) element.classList.remove("lit", "picked");
    for (const box of boxes) box.setAttribute("aria-pressed", "false");
    about.replaceChildren(
      make("h2", "Nothing is selected"),
      make("p", "Click a service to see its crates, or a crate to see the outputs that are built again when it changes. Tab and Enter work, too; / searches, + and - zoom, Escape clears the selection."),
    );
  };

  const choose = (place) => {
    clear();
    const node = graph.nodes[place];
    const lit = new Set([place, ...node.closure, ...node.changes]);
    if (node.kind === "pack") {
      for (const binary of node.needs) [binary, ...graph.nodes[binary].closure].forEach((other) => lit.add(other));
    }
    // The nodes between a crate and the outputs that are built from it.
    graph.nodes.forEach((other, index) => {
      if (node.kind === "crate" && other.closure.includes(place)) lit.add(index);
    });
    svg.classList.add("chosen");
    boxes.forEach((box, index) => box.classList.toggle("lit", lit.has(index)));
    for (const edge of edges) {
      edge.classList.toggle("lit", lit.has(Number(edge.dataset.from)) && lit.has(Number(edge.dataset.to)));
    }
    boxes[place].classList.add("picked");
    boxes[place].setAttribute("aria-pressed", "true");
    boxes[place].scrollIntoView({ block: "nearest", inline: "nearest" });
    describe(place);
  };

  const follow = () => {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const place = graph.nodes.findIndex((node) => key(node) === wanted);
    if (place >= 0) choose(place);
    else clear();
  };
  const go = (place) => {
    const hash = `#${encodeURIComponent(key(graph.nodes[place]))}`;
    if (location.hash === hash) follow();
    else location.hash = hash;
  };

  const scale = (factor) => {
    zoom = Math.min(4, Math.max(0.05, factor));
    svg.setAttribute("width", size.width * zoom);
    svg.setAttribute("height", size.height * zoom);
  };
  const fit = () => scale(Math.min(1, (stage.clientWidth - 4) / size.width));

  const look = () => {
    const words = search.value.trim().toLowerCase();
    const hits = [];
    boxes.forEach((box, index) => {
      const hit = words !== "" && graph.nodes[index].name.toLowerCase().includes(words);
      box.classList.toggle("found", hit);
      if (hit) hits.push(index);
    });
    found.textContent = words === "" ? "" : `${hits.length} found`;
    return hits;
  };

  boxes.forEach((box, index) => {
    box.addEventListener("click", () => go(index));
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        go(index);
      }
    });
  });
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const [first] = look();
      if (first !== undefined) go(first);
    }
  });
  document.getElementById("colour").addEventListener("change", (event) => {
    svg.classList.toggle("plain", event.target.value === "plain");
    svg.classList.toggle("by-time", event.target.value === "time");
  });
  document.getElementById("in").addEventListener("click", () => scale(zoom * 1.25));
  document.getElementById("out").addEventListener("click", () => scale(zoom / 1.25));
  document.getElementById("fit").addEventListener("click", fit);
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      search.value = "";
      look();
      if (location.hash !== "") location.hash = "";
      clear();
    } else if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    } else if (event.key === "/") {
      event.preventDefault();
      search.focus();
    } else if (event.key === "+") scale(zoom * 1.25);
    else if (event.key === "-") scale(zoom / 1.25);
    else if (event.key === "0") fit();
  });
  fit();
  follow();
});
