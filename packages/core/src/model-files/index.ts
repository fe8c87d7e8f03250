/**
 * Files that hold the weights of language models: GGUF, safetensors and Edgewright's own `.ewq`, read a piece
 * at a time from bytes, files and URLs.
 *
 * @packageDocumentation
 */
export {};
