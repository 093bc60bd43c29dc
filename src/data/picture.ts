/** `[side, side, channels]`, `uint8`, row by row. */
export type Picture = { readonly pixels: Uint8Array; readonly side: number; readonly channels: number };

/** In whole pixels, from the upper left corner. */
export type Rectangle = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
