import { Template } from "@huggingface/jinja";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ChatMessage, createChatFormatter } from "./chat.js";

// Templates as models' tokenizer_config.json have them, or their parts that ask most of Jinja.
const templates: Record<string, string> = {
  Zephyr:
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n" +
    "{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n" +
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n" +
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
  Llama3:
    "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + " +
    "message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}" +
    "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}" +
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
  Mistral:
    "{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] %}" +
    "{%- set loop_messages = messages[1:] %}{%- else %}{%- set loop_messages = messages %}{%- endif %}" +
    "{%- set user_messages = loop_messages | selectattr('role', 'equalto', 'user') | list %}{{- bos_token }}" +
    "{%- for message in loop_messages %}{%- if message['role'] == 'user' %}" +
    "{%- if loop.last and system_message is defined %}{{- '[INST] ' + system_message + '\n\n' + message['content'] + '[/INST]' }}" +
    "{%- else %}{{- '[INST] ' + message['content'] + '[/INST]' }}{%- endif %}" +
    "{%- elif message['role'] == 'assistant' %}{{- ' ' + message['content'] | trim + eos_token }}" +
    "{%- else %}{{- raise_exception('Only user and assistant roles are supported') }}{%- endif %}{%- endfor %}{{ user_messages | length }}",
  Qwen3:
    "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}" +
    "{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}" +
    "{%- if ns.multi_step_tool and message.role == 'user' and message.content is string and not(message.content" +
    ".startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}" +
    "{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}" +
    "{%- for message in messages %}{%- set content = message.content %}{%- set reasoning_content = '' %}" +
    "{%- if '</think>' in content %}{%- set reasoning_content = content.split('</think>')[0].rstrip('\\n')" +
    ".split('<think>')[-1].lstrip('\\n') %}{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}" +
    "{%- if loop.index0 > ns.last_query_index and reasoning_content %}{{- '<|im_start|>' + message.role + '\\n<think>\\n' " +
    "+ reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content }}{%- else %}{{- '<|im_start|>' + message.role + " +
    "'\\n' + content }}{%- endif %}{{- '<|im_end|>\\n' }}{%- endfor %}",
  macros:
    "{%- macro show(value, name='x') -%}{%- if value is mapping -%}{ {%- for key, inner in value.items() -%}" +
    "{{ key }}:{{ show(inner, name=key) }}{{ ', ' if not loop.last }}{%- endfor -%} }{%- elif value is string -%}" +
    "{{ value | replace('a', '4') | indent(2) | tojson }}{%- else -%}{{ name ~ '=' ~ value }}{%- endif -%}{%- endmacro -%}" +
    "{%- macro frame() -%}<{{ caller('!') }}>{%- endmacro -%}{{ show(messages[0]) }}{{ tools | tojson(indent=2) }}" +
    "{% call(mark) frame() %}in{{ mark }}{% endcall %}{% filter upper %}ab{% endfilter %}" +
    "{% for m in messages if m.role != 'system' %}{% if loop.index > 3 %}{% break %}{% endif %}{{ m.role | title }}{{ [1, 2] + [3] }}{% else %}none{% endfor %}" +
    "{{ messages | map(attribute='role') | unique | sort | join('-') }}{{ {'b': 1, 'a': [none, true]} | dictsort }}{{ range(2, 9, 3) | list }}" +
    "{{ missing is defined }}{{ missing.x | default('d') if missing is defined else 'e' }}{{ 'a' in ['a'] }}{{ -2 ** 2 }}",
};

const message = fc.record({
  role: fc.constantFrom("system", "user", "assistant"),
  content: fc.string({ unit: fc.constantFrom("a", " ", "\n", "<think>", "</think>", "é", "🙂") }),
});
const tools = [{ name: "find", parameters: { type: "object", properties: { q: {} } } }];

function renderFreely(template: string, messages: readonly ChatMessage[]): string | undefined {
  try {
    return new Template(template).render({
      ...{ messages, tools, bos_token: "<s>", eos_token: "</s>", add_generation_prompt: true },
    });
  } catch {
    return undefined;
  }
}

describe("templates of models", () => {
  test.each(Object.keys(templates))("%s is what the library writes without limits", (name) => {
    const template = templates[name]!;
    const chat = createChatFormatter(template, { bosToken: "<s>", eosToken: "</s>" });
    const written = (messages: readonly ChatMessage[]): string | undefined => {
      try {
        return chat.format(messages, { variables: { tools } });
      } catch {
        return undefined;
      }
    };
    const one = [{ role: "user", content: "Hello" }];
    expect(written(one)).toContain("Hello");
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), (messages) => {
        expect(written(messages)).toBe(renderFreely(template, messages));
      }),
      { seed: 61, numRuns: 40 },
    );
  });

  test("long conversations: 2,000 messages, a million characters", () => {
    const many = Array.from({ length: 2000 }, (_, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: `message ${i} `.repeat(40),
    }));
    for (const name of ["Zephyr", "Llama3", "Mistral", "Qwen3"]) {
      const prompt = createChatFormatter(templates[name]!).format(many);
      expect(prompt.length, name).toBeGreaterThan(900_000);
    }
  });

  test("the time is the caller's", () => {
    const now = (): Date => new Date(2026, 6, 4, 9, 5, 3);
    const chat = createChatFormatter("{{ strftime_now('%d %B %b %A %a %Y %y-%m %H:%M:%S %%') }}", {
      now,
    });
    const text = "04 July Jul Saturday Sat 2026 26-07 09:05:03 %";
    expect(chat.format([{ role: "user", content: "" }])).toBe(text);
  });
});
