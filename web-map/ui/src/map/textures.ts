/** Marks over a fill, so that classes of one hue are told apart without colour. */
export type Texture = 'dots' | 'rising' | 'falling' | 'cross' | 'grid' | 'waves' | 'rings';

const SIZE = 24;

export function textureName(texture: Texture): string {
  return `texture-${texture}`;
}

/** The mark as a picture that repeats, 24 × 24 pixels for screens of double density. */
export function textureImage(texture: Texture): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE;
  canvas.height = SIZE;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return new ImageData(SIZE, SIZE);
  pen.strokeStyle = 'rgba(10, 14, 19, 0.72)';
  pen.fillStyle = pen.strokeStyle;
  pen.lineWidth = 3;
  pen.beginPath();
  const line = (x1: number, y1: number, x2: number, y2: number) => {
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
  };
  switch (texture) {
    case 'dots':
      pen.arc(6, 6, 3, 0, 7);
      pen.moveTo(21, 18);
      pen.arc(18, 18, 3, 0, 7);
      pen.fill();
      break;
    case 'rising':
      for (const at of [-SIZE, -SIZE / 2, 0, SIZE / 2, SIZE]) line(at, SIZE, at + SIZE, 0);
      break;
    case 'falling':
      for (const at of [-SIZE, -SIZE / 2, 0, SIZE / 2, SIZE]) line(at, 0, at + SIZE, SIZE);
      break;
    case 'cross':
      for (const at of [-SIZE, 0, SIZE]) {
        line(at, SIZE, at + SIZE, 0);
        line(at, 0, at + SIZE, SIZE);
      }
      break;
    case 'grid':
      line(SIZE / 2, 0, SIZE / 2, SIZE);
      line(0, SIZE / 2, SIZE, SIZE / 2);
      break;
    case 'waves':
      pen.moveTo(0, 12);
      pen.bezierCurveTo(6, 2, 18, 22, 24, 12);
      break;
    case 'rings':
      pen.arc(12, 12, 6, 0, 7);
      break;
  }
  pen.stroke();
  return pen.getImageData(0, 0, SIZE, SIZE);
}

/** The mark as an image for a legend. */
export function textureUrl(texture: Texture): string {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE;
  canvas.height = SIZE;
  canvas.getContext('2d')?.putImageData(textureImage(texture), 0, 0);
  return canvas.toDataURL();
}
