// SHA-256 and Ed25519: the browser's own where it has them, a kept library where it has not.

import { sha256 as plainSha256, sha512 } from "@noble/hashes/sha2.js";
import { hashes, verify as plainVerify } from "@noble/ed25519";
import { concat, hex, unhex, utf8 } from "./bytes.js";

hashes.sha512 = sha512;

const subtle = globalThis.crypto?.subtle;
const KNOWN = { // RFC 8032, 7.1, test 1
  key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  signature:
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
};
let native;

async function browserVerifies(key, message, signature) {
  const imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

// Whether this browser knows Ed25519: asked once, with a signature that is known to hold.
async function isNative() {
  if (native === undefined) {
    try {
      native = Boolean(subtle) && (await browserVerifies(unhex(KNOWN.key), new Uint8Array(), unhex(KNOWN.signature)));
    } catch {
      native = false;
    }
  }
  return native;
}

export async function engine() {
  return (await isNative()) ? "browser" : "library";
}

export async function sha256(bytes) {
  return subtle ? new Uint8Array(await subtle.digest("SHA-256", bytes)) : plainSha256(bytes);
}

export async function sha256Hex(bytes) {
  return hex(await sha256(bytes));
}

// A signature is Ed25519 over "tournee/1/" ‖ kind ‖ digest; malformed input is simply false.
export async function isSignedBy(key, kind, digest, signature) {
  const message = concat(utf8(`tournee/1/${kind}`), digest);
  try {
    if (await isNative()) return await browserVerifies(unhex(key), message, unhex(signature));
    return plainVerify(unhex(signature), message, unhex(key), { zip215: false });
  } catch {
    return false;
  }
}

export async function keyId(key) {
  return (await sha256Hex(unhex(key))).slice(0, 16);
}
