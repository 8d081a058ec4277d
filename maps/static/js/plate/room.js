/** Which rectangles of the drawing are taken, in cells, so that labels keep out of each other's way. */

const CELL = 64;

export class Room {
  cells = new Map();

  #visit(x0, y0, x1, y1, each) {
    for (let cx = Math.floor(x0 / CELL); cx <= Math.floor(x1 / CELL); cx++) {
      for (let cy = Math.floor(y0 / CELL); cy <= Math.floor(y1 / CELL); cy++) {
        if (each(cx * 1048576 + cy)) return true;
      }
    }
    return false;
  }

  take(x0, y0, x1, y1, owner = null) {
    const box = [x0, y0, x1, y1, owner];
    this.#visit(x0, y0, x1, y1, (key) => {
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(box);
      return false;
    });
  }

  /** Whether the rectangle meets one that another owner has taken. */
  meets(x0, y0, x1, y1, owner = null) {
    return this.#visit(x0, y0, x1, y1, (key) =>
      (this.cells.get(key) ?? []).some(
        (box) => box[0] < x1 && box[2] > x0 && box[1] < y1 && box[3] > y0 && (owner === null || box[4] !== owner),
      ),
    );
  }
}
