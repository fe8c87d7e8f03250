/**
 * Names that chat models give to the token at which a turn or a text ends; files do not always say which they
 * use.
 */
export function endTokenNames(): readonly string[] {
  return [
    "</s>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|im_end|>",
    "<|end|>",
    "<end_of_turn>",
    "<｜end▁of▁sentence｜>",
  ];
}
