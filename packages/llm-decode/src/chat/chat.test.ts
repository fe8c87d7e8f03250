import { expect, test } from "vitest";
import { createChatFormatter } from "./chat.js";

// The template of models that were tuned with ChatML (Qwen, SmolLM), as their tokenizer_config.json has it.
const chatMl =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const messages = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Hello" },
];

test("ChatML, with and without the assistant's turn", () => {
  const chat = createChatFormatter(chatMl);
  const spoken = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n";
  expect(chat.format(messages)).toBe(`${spoken}<|im_start|>assistant\n`);
  expect(chat.format(messages, { addGenerationPrompt: false })).toBe(spoken);
  expect(chat.template).toBe(chatMl);
});

test("tokens and variables of the template", () => {
  const chat = createChatFormatter(
    "{{ bos_token }}{{ messages[0]['content'] }}{{ mood }}{{ eos_token }}",
    {
      bosToken: "<s>",
      eosToken: "</s>",
    },
  );
  expect(chat.format(messages, { variables: { mood: "!" } })).toBe("<s>Be brief.!</s>");
});

test("what the template refuses, what is no conversation, what is no template", () => {
  const strict = createChatFormatter("{{ raise_exception('roles must alternate') }}");
  expect(() => strict.format(messages)).toThrow(
    "formatChat: the model's template refuses this conversation: roles must alternate",
  );
  const chat = createChatFormatter(chatMl);
  expect(() => chat.format([])).toThrow("formatChat: expected messages, got none");
  expect(() => chat.format([{ role: "user" } as never])).toThrow(
    "message 0 must have a role and a content of text",
  );
  expect(() => createChatFormatter("{% for %}")).toThrow(
    "createChatFormatter: the template cannot be read",
  );
});
