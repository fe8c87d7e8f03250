import type { SentencePieceData, TokenizerData } from "../tokenizer-data.js";

/**
 * A SentencePiece model as the `tokenizer.json` that Hugging Face's converter makes of it (transformers,
 * convert_slow_tokenizer.py, LlamaConverter): merges are all ways to join two tokens into one, best score first.
 */
export function llamaTokenizerJson(data: TokenizerData | undefined): Record<string, unknown> {
  const { tokens, scores, types } = data as SentencePieceData;
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const merges: { pair: [string, string]; score: number; left: number; right: number }[] = [];
  tokens.forEach((token, id) => {
    if (types[id] !== 1) return;
    for (let at = 1; at < token.length; at++) {
      const pair: [string, string] = [token.slice(0, at), token.slice(at)];
      const [left, right] = [vocab[pair[0]], vocab[pair[1]]];
      if (left === undefined || right === undefined) continue;
      if (types[left] === 1 && types[right] === 1)
        merges.push({ pair, score: scores[id]!, left, right });
    }
  });
  merges.sort((a, b) => b.score - a.score || a.left - b.left || a.right - b.right);
  const added = [0, 1, 2].map((id) => ({
    ...{ id, content: tokens[id]!, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }));
  return {
    version: "1.0",
    added_tokens: added,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "\u2581" },
        { type: "Replace", pattern: { String: " " }, content: "\u2581" },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [
        { SpecialToken: { id: tokens[1], type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
      ],
      pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { [tokens[1]!]: { id: tokens[1], ids: [1], tokens: [tokens[1]] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "\u2581" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: tokens[0],
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      vocab,
      merges: merges.map(({ pair }) => pair.join(" ")),
    },
  };
}
