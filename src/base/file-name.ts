/**
 * A text, whatever is in it, as the name of one file or folder: never a way out of the folder it is put in, and one that every file
 * system takes. Plain names stay as they are, and two that differ stay different.
 */
export function fileNameOf(text: string): string {
  // Half a surrogate has no UTF-8; the number of the unit stands for it, behind a sign that is always encoded otherwise.
  const whole = text.replace(/\p{Surrogate}/gu, (unit) => `%%${unit.charCodeAt(0).toString(16)}`);
  const encoded = [...whole]
    .map((sign) => (/[\w!'()~-]/.test(sign) || sign === "." ? sign : encodedSign(sign)))
    .join("");
  const name = encoded
    .replace(/^\./, "%2E")
    .replace(/\.$/, "%2E")
    // Devices of Windows, with any ending.
    .replace(/^(con|prn|aux|nul|com\d|lpt\d)(?=$|\.)/i, (device) => `%${hex(device.charCodeAt(0))}${device.slice(1)}`);
  if (name === "") return "%";
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 18)}%-${fingerprint(name)}`;
}

/** Of the 255 bytes that file systems take, some are left for endings. */
const LONGEST = 200;

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, "0");

const encodedSign = (sign: string) => [...new TextEncoder().encode(sign)].map((byte) => `%${hex(byte)}`).join("");

/** 64 bits as 16 digits. @source Fowler, Noll, Vo: FNV-1a */
function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}
