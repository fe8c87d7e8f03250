import { EdgewrightError } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChatFormatter } from "./chat.js";
import type { ChatTemplateLimits } from "./render-template.js";

const messages = [{ role: "user", content: "Hello" }];

/** A text of 2^(n+1) characters. */
const double = (times: number): string =>
  `{% set ns = namespace(x='ab') %}{% for i in range(${times}) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}`;
/** A list that would be written 2^60 times. */
const laughs =
  "{% set ns = namespace(x=['lol']) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}";
const repeat = (body: string): string => `{% for i in range(100000) %}${body}{% endfor %}`;

const hostile: Record<string, string> = {
  "loops in loops": "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
  "loops around nothing":
    "{% for a in range(400) %}{% for b in range(400) %}{% for c in range(400) %}{% endfor %}{% endfor %}{% endfor %}",
  "a long range": "{{ range(1000000000000) }}",
  "an endless range": "{{ range(10 ** 308 * 10) }}",
  "a range of no number": "{{ range(0 % 0, 10 ** 308 * 10) }}",
  "leaving off": repeat(repeat("{% continue %}")),
  "unknown names": repeat("{{ a }}{{ b }}{{ c }}{{ d }}"),
  "doubled texts": double(100),
  "a long text again and again": `${double(20)}${repeat("{{ ns.x }}")}`,
  "long texts that are trimmed": `${double(20)}${repeat("{% set y = (ns.x ~ i) | trim %}")}`,
  "long texts that are sliced": `${double(20)}${repeat("{% set y = ns.x[1:] %}")}`,
  "long texts that are searched": `${double(20)}${repeat("{{ ('b' ~ ns.x) in ns.x }}")}`,
  "long texts that are split": `${double(20)}${repeat("{% set y = ns.x.split('a') %}")}`,
  "long texts that are called names": `${double(18)}{% for i in range(1000) %}{% set y = {ns.x ~ i: 1} %}{% endfor %}`,
  "lists of long texts": `${double(18)}{% set l = [ns.x] %}{{ range(1000) | join(ns.x) }}`,
  "doubled lists":
    "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
  "a billion laughs": `${laughs}{{ ns.x }}`,
  "a billion laughs as JSON": `${laughs}{{ ns.x | tojson(indent=4) }}`,
  "a billion laughs joined": `${laughs}{{ ns.x | join('-') }}`,
  "a billion laughs compared": `${laughs}{{ ns.x == 'a' }}`,
  "a billion laughs appended": `${laughs}{{ 'a' ~ ns.x }}`,
  "a billion laughs sorted": `${laughs}{{ ns.x | sort }}`,
  "a value within itself": "{% set ns = namespace() %}{% set ns.a = [ns, ns] %}{{ ns }}",
  "a macro that calls itself": "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
  "a macro that calls itself twice":
    "{% macro f(x) %}{% if x > 0 %}{{ f(x - 1) }}{{ f(x - 1) }}{% endif %}{% endmacro %}{{ f(40) }}",
  "blocks that call twice": `{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}${"{% call f() %}".repeat(40)}x${"{% endcall %}".repeat(40)}`,
  "long macros again and again": repeat(`{% macro f() %}${"{{ a.b }}".repeat(5000)}{% endmacro %}`),
  "wide indents": "{{ ('a\\n' ~ 'b') | indent(500000000) }}",
  "wide indents by name": "{{ ('a\\n' ~ 'b') | indent(**{'width': 500000000}) }}",
  "wide indents in a list": "{{ ('a\\n' ~ 'b') | indent(*[500000000]) }}",
  "wide indents of a block": "{% filter indent(500000000) %}a\nb{% endfilter %}",
  "wide indents of JSON": "{{ [[1]] | tojson(indent=500000000) }}",
  "long separators of JSON": `${double(18)}{{ range(1000) | tojson(separators=[ns.x, ns.x]) }}`,
  "long replacements": `${double(18)}{{ ns.x | replace('a', ns.x) }}`,
  "long replacements between": `${double(18)}{% set f = ns.x['replace'] %}{{ f('', ns.x) }}`,
  "long replacements kept": `${double(18)}{% set ns.f = ns.x.replace %}{{ ns.f('a', ns.x) }}`,
  "nested blocks": `${"{% if a %}".repeat(5000)}${"{% endif %}".repeat(5000)}`,
  "long sums": `{{ 1${"+1".repeat(50000)} }}`,
  spaces: " ".repeat(100000),
  "a long template": "x".repeat(200000),
};

function codeOf(template: string, limits: ChatTemplateLimits = {}): string | undefined {
  try {
    createChatFormatter(template, { limits }).format(messages);
    return undefined;
  } catch (error) {
    if (error instanceof EdgewrightError) return error.code;
    throw error;
  }
}

describe("templates that would never end", () => {
  test.each(Object.keys(hostile))("%s", (name) => {
    const begin = performance.now();
    expect(codeOf(hostile[name]!)).toBe("limit-exceeded");
    expect(performance.now() - begin).toBeLessThan(5000); // a tenth of it on an idle machine
  });

  test("brackets deeper than the engine's stack", () => {
    expect(codeOf(`{{ ${"(".repeat(60000)}1${")".repeat(60000)} }}`)).toBe("limit-exceeded");
  });

  test("a formatter goes on behind a refusal, and limits can be raised", () => {
    const loop = "{% for i in range(messages[0].content | int) %}x{% endfor %}";
    const format = (limits: ChatTemplateLimits, count: number): string =>
      createChatFormatter(loop, { limits }).format([{ role: "user", content: String(count) }]);
    expect(() => format({}, 100_000)).toThrow("takes more than 40");
    expect(format({ steps: 2_000_000 }, 100_000)).toHaveLength(100_000);
    expect(() => format({ promptLength: 9 }, 10)).toThrow("writes more than 9 characters");
    expect(() => format({ templateLength: 10 }, 1)).toThrow("characters, more than 10;");
    const chat = createChatFormatter(loop);
    expect(() => chat.format([{ role: "user", content: "1000000" }])).toThrow("raise limits.steps");
    expect(chat.format([{ role: "user", content: "3" }])).toBe("xxx");
  });

  test("1,000 templates put together at random end in a prompt or a typed error", () => {
    const name = fc.constantFrom("messages", "ns.x", "i", "ns", "f", "loop", "q", "messages[0]");
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        name,
        fc.constantFrom("'ab'", "3", "99999999", "-1", "1.5", "none", "[]", "{'a': 1}", "''"),
        fc
          .tuple(
            tie("expression"),
            fc.constantFrom("+", "~", "*", "**", "==", "in", "and", "<", "%", "//"),
            tie("expression"),
          )
          .map(([a, by, b]) => `(${a} ${by} ${b})`),
        fc
          .tuple(
            tie("expression"),
            fc.constantFrom(
              "tojson",
              "list",
              "sort",
              "join",
              "string",
              "trim",
              "length",
              "unique",
              "reverse",
              "items",
              "upper",
              "title",
              "indent",
              "int",
              "dictsort",
            ),
          )
          .map(([a, filter]) => `(${a} | ${filter})`),
        fc
          .tuple(
            tie("expression"),
            fc.constantFrom(
              "join",
              "indent",
              "replace",
              "default",
              "map",
              "selectattr",
              "sort",
              "tojson",
            ),
            tie("expression"),
            tie("expression"),
          )
          .map(([a, filter, b, c]) => `(${a} | ${filter}(${b}, ${c}))`),
        fc
          .tuple(
            tie("expression"),
            fc.constantFrom("split", "replace", "startswith", "items", "get", "x"),
            tie("expression"),
          )
          .map(([a, method, b]) => `${a}.${method}(${b}, ${b})`),
        fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `[${a}, ${b}]`),
        fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `${a}[${b}]`),
        tie("expression").map((a) => `range(${a})`),
        tie("expression").map((a) => `f(${a})`),
        tie("expression").map((a) => `${a}[1:]`),
      ),
    }));
    const { statement } = fc.letrec<{ statement: string }>((tie) => ({
      statement: fc.oneof(
        { maxDepth: 4 },
        expression.map((a) => `{{ ${a} }}`),
        expression.map((a) => `{% set ns.x = ${a} %}`),
        fc.constant("{% set ns.x = ns.x ~ ns.x %}"),
        fc.constant("{% set ns.x = [ns.x, ns.x] %}"),
        fc
          .tuple(expression, tie("statement"))
          .map(([a, b]) => `{% for i in ${a} %}${b}{% endfor %}`),
        fc
          .tuple(fc.nat(1e6), tie("statement"))
          .map(([a, b]) => `{% for i in range(${a}) %}${b}{% endfor %}`),
        fc.tuple(expression, tie("statement")).map(([a, b]) => `{% if ${a} %}${b}{% endif %}`),
        tie("statement").map((a) => `{% macro f(i) %}${a}{% endmacro %}`),
        tie("statement").map((a) => `{% call f(1) %}${a}{% endcall %}`),
        tie("statement").map((a) => `{% filter upper %}${a}{% endfilter %}`),
        fc.tuple(tie("statement"), tie("statement")).map(([a, b]) => a + b),
      ),
    }));
    const codes = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), (parts) => {
        const code = codeOf(`{% set ns = namespace(x='ab') %}${parts.join("")}`, { steps: 20_000 });
        codes.add(code);
        expect([undefined, "invalid-argument", "invalid-data", "limit-exceeded"]).toContain(code);
      }),
      { seed: 62, numRuns: 1000 },
    );
    expect(codes).toContain(undefined);
    expect(codes).toContain("limit-exceeded");
  });
});
