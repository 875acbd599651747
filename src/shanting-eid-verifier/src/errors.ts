/** The one kind of error: `reason` is for programs, the message (Chinese) for people. */
export class EidError extends Error {
  constructor(readonly reason: ErrorReason, message: string) {
    super(message);
    this.name = 'EidError';
  }
}

/** Reasons, named as in the service's API. */
export type ErrorReason = 'STATUS_INVALID' | 'TRUST_LIST_INVALID' | 'CERTIFICATE_INVALID' | 'PUBLIC_KEY_INVALID';

/** Thrown by the readers for any byte out of place; every public function turns it into its own refusal. */
export class FormError extends Error {}

/** Runs a reader; null where it found a byte out of place. Any other error is a bug and is not hidden. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormError || error instanceof EidError) {
      return null;
    }

    throw error;
  }
}
