declare module 'sm-crypto-v2'; // The verifier's own; its types are checked where it is built.
