// The architecture in rules: three storeys, and arrows only ever point down (docs/architecture.md).
const STOREYS = ["core", "kernels", "graph", "autograd"];

/** A package of the engine room knows only what lies below it; every other package knows the engine room. */
const belowOf = (name) => STOREYS.slice(0, Math.max(STOREYS.indexOf(name), 0));
const engineRoom = STOREYS.map((name) => ({
  name: `${name}-knows-only-what-is-below`,
  severity: "error",
  from: { path: `^packages/${name}/src` },
  to: { path: "^packages/", pathNot: `^packages/(${[name, ...belowOf(name)].join("|")})/` },
}));

module.exports = {
  forbidden: [
    ...engineRoom,
    {
      name: "rooms-know-only-the-engine-room",
      comment: "A thing that two packages need moves down, into core, kernels, graph or autograd.",
      severity: "error",
      from: { path: "^packages/([^/]+)/src", pathNot: `^packages/(${STOREYS.join("|")})/` },
      to: { path: "^packages/", pathNot: `^packages/($1|${STOREYS.join("|")})/` },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-node-builtins-in-libraries",
      comment:
        "Libraries run in browsers; Node-only code is named *.node.ts, or lies in a cli folder or behind an entry point `node`.",
      severity: "error",
      from: {
        path: "^packages/[^/]+/src",
        pathNot: ["\\.test\\.ts$", "\\.node\\.ts$", "/cli/", "/src/node/"],
      },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "nobody-imports-examples-or-benches",
      severity: "error",
      from: { path: "^packages/[^/]+/src" },
      to: { path: "^(examples|bench)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@edgewright/source", "import", "node", "default"],
    },
  },
};
