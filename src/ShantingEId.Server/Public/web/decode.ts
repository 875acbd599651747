import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

/** Prepares the decoder; its program is fetched from this site, once. */
export function prepareDecoder(wasm: string): void {
  prepareZXingModule({ overrides: { locateFile: (path: string) => (path.endsWith('.wasm') ? wasm : path) }, fireImmediately: true });
}

/** The text of the QR in a picture; null when none is found. */
export async function readPicture(source: CanvasImageSource, width: number, height: number, longest: number): Promise<string | null> {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const found = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), { formats: ['QRCode'], tryHarder: true, maxNumberOfSymbols: 1 });
  return found.length > 0 ? found[0]!.text : null;
}

/** The same of a picture that was chosen, in several sizes: one reads a small code in a large picture, another one that is out of focus. */
export async function readFile(file: Blob): Promise<string | null> {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    await new Promise((done, failed) => {
      [image.onload, image.onerror] = [done, failed];
      image.src = url;
    });
    for (const longest of [1280, 640, 2560]) {
      const text = await readPicture(image, image.naturalWidth, image.naturalHeight, longest);
      if (text !== null) {
        return text;
      }
    }

    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}
