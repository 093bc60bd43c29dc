/**
 * TensorBoard's event files: records of a length, a checksum, a protocol-buffer `Event` and another checksum.
 *
 * @source TensorFlow, `core/lib/io/record_writer.h` (framing, masked CRC-32C), `core/util/event.proto`, `core/framework/summary.proto`
 */

/** The record that an event file begins with. @param wallTime s since 1970. */
export const fileVersion = (wallTime: number): Uint8Array =>
  framed([...double(1, wallTime), ...text(3, "brain.Event:2")]);

/** One record with any number of scalars. @param step TensorBoard's horizontal axis. */
export function encodeScalars(wallTime: number, step: number, scalars: Readonly<Record<string, number>>): Uint8Array {
  // Summary { repeated Value value = 1 }, Value { tag = 1, simple_value = 2 }
  const summary = Object.entries(scalars).flatMap(([tag, value]) => bytes(1, [...text(1, tag), ...float(2, value)]));
  return framed([...double(1, wallTime), ...varint((2 << 3) | 0), ...varint(step), ...bytes(5, summary)]);
}

function framed(event: readonly number[]): Uint8Array {
  const record = new Uint8Array(8 + 4 + event.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(event.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(event, 12);
  view.setUint32(12 + event.length, maskedCrc(record.subarray(12, 12 + event.length)), true);
  return record;
}

/** Wire type 2: a length and so many bytes. */
const bytes = (field: number, content: readonly number[]) => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
];
const text = (field: number, content: string) => bytes(field, [...new TextEncoder().encode(content)]);
const double = (field: number, value: number) => [
  ...varint((field << 3) | 1),
  ...new Uint8Array(Float64Array.of(value).buffer),
];
const float = (field: number, value: number) => [
  ...varint((field << 3) | 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

function varint(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low | 128, ...varint(Math.floor(value / 128))];
}

/** Castagnoli's polynomial, reversed. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Turned and shifted, as a checksum of data that holds checksums is a weak one. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
