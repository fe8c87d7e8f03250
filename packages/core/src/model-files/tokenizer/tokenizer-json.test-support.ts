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

/**
 * A byte-level tokenizer of 288 tokens with Llama 3's way to cut texts, and two control tokens; its merges were trained by
 * Hugging Face's tokenizers 0.23.2 on a sentence.
 */
export function byteLevelTokenizerJson(): Record<string, unknown> {
  const merges = [
    ...["h e", "t he", "Ġ a", "Ġ the", "i t", "n d", "Ġa nd", "e n", "i r", "l e"],
    ...["l it", "r e", "s a", "t le", "Ġ b", "Ġ g", "Ġ i", "Ġ lit", "Ġ sa"],
    ...["Ġlit tle", "' re", "1 2", "a p", "a r", "d en", "h ap", "i d", "i m", "n t", "o y"],
    ...["p y", "t im"],
  ];
  const tokens = [...byteAlphabet(), ...merges.map((merge) => merge.replace(" ", ""))];
  const edges = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return {
    version: "1.0",
    added_tokens: ["<|begin|>", "<|end|>"].map((content, at) => {
      return { id: tokens.length + at, content, special: true, ...edges };
    }),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        {
          type: "Split",
          pattern: {
            Regex:
              "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
          },
          behavior: "Isolated",
          invert: false,
        },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
      ignore_merges: true,
    },
  };
}

// GPT-2's letters for bytes: what can be seen stands for itself, the rest lies from U+0100; sorted.
function byteAlphabet(): string[] {
  const seen = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let hidden = 0;
  const letters = Array.from({ length: 256 }, (_, byte) => (seen(byte) ? byte : 256 + hidden++));
  return letters.sort((a, b) => a - b).map((code) => String.fromCharCode(code));
}
