// What does not hold: the step that found it, where, and the reason for whoever knows the format.

export class Broken extends Error {
  constructor(check, where, reason) {
    super(`${check}: ${reason} (${where})`);
    this.check = check;
    this.where = where;
    this.reason = reason;
  }
}

export function require(holds, check, where, reason) {
  if (!holds) throw new Broken(check, where, reason);
}

// Run a step whose malformed input throws: whatever is thrown is the step's refusal.
export async function step(check, where, work) {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Broken ? error : new Broken(check, where, "unreadable");
  }
}
