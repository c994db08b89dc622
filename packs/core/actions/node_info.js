#!/usr/bin/env node
const parameters = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify({ node: process.version, parameters }));
