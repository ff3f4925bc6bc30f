/** Sums of a weighted least-squares problem with several targets; its size does not grow with the rows. */
export interface NormalEquations {
  readonly inputs: number;
  readonly targets: number;
  /** Lower triangle of the inputs' Gram matrix, row by row. */
  readonly gram: Float64Array;
  /** Inputs times targets, row by row. */
  readonly moments: Float64Array;
  rows: number;
}

/** An empty problem. */
export function normalEquations(inputs: number, targets: number): NormalEquations {
  return {
    inputs,
    targets,
    gram: new Float64Array(inputs * inputs),
    moments: new Float64Array(inputs * targets),
    rows: 0,
  };
}

/** Weight of squared coefficients against squared errors, in units of the scale, once enough rows are known. */
const PENALTY = 10;
/** Hourly rows that are enough; with fewer the weight grows with the square of what is missing. */
const ENOUGH_ROWS = 40 * 24;

/** The penalty of {@link solveRidge} for sums of so many hourly rows: little is learnt from few. */
export function penaltyOf({ rows }: Pick<NormalEquations, 'rows'>): number {
  return PENALTY * Math.max(1, ENOUGH_ROWS / Math.max(1, rows)) ** 2;
}

/** A row a year old counts half. */
const HALF_LIFE_HOURS = 365 * 24;

/** How much a row of so many hours ago counts. */
export function rowWeight(ageHours: number): number {
  return 2 ** (-ageHours / HALF_LIFE_HOURS);
}

/** Adds one row of inputs `x` and targets `y` with a weight. */
export function addRow(sums: NormalEquations, x: Float64Array, y: Float64Array, weight: number): void {
  const { inputs, targets, gram, moments } = sums;
  for (let i = 0; i < inputs; i++) {
    const scaled = (x[i] as number) * weight;
    if (scaled === 0) continue;
    const row = i * inputs;
    for (let j = 0; j <= i; j++) gram[row + j] = (gram[row + j] as number) + scaled * (x[j] as number);
    const out = i * targets;
    for (let t = 0; t < targets; t++) moments[out + t] = (moments[out + t] as number) + scaled * (y[t] as number);
  }
  sums.rows += 1;
}

/** Coefficients (inputs × targets, row by row) that minimise squared error plus `penalty` times their squares. */
export function solveRidge(sums: NormalEquations, penalty: number): Float64Array {
  const { inputs, targets } = sums;
  const lower = sums.gram.slice();
  for (let i = 0; i < inputs; i++) lower[i * inputs + i] = (lower[i * inputs + i] as number) + penalty;
  factorise(lower, inputs);
  const solution = sums.moments.slice();
  for (let i = 0; i < inputs; i++) {
    for (let k = 0; k < i; k++) subtractRow(solution, targets, i, k, lower[i * inputs + k] as number);
    divideRow(solution, targets, i, lower[i * inputs + i] as number);
  }
  for (let i = inputs - 1; i >= 0; i--) {
    for (let k = i + 1; k < inputs; k++) subtractRow(solution, targets, i, k, lower[k * inputs + i] as number);
    divideRow(solution, targets, i, lower[i * inputs + i] as number);
  }
  return solution;
}

/** Cholesky: a positive definite matrix (lower triangle) becomes its lower factor, in place. */
function factorise(matrix: Float64Array, size: number): void {
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let value = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++) value -= (matrix[i * size + k] as number) * (matrix[j * size + k] as number);
      matrix[i * size + j] = i === j ? Math.sqrt(value) : value / (matrix[j * size + j] as number);
    }
  }
}

function subtractRow(rows: Float64Array, width: number, from: number, other: number, factor: number): void {
  if (factor === 0) return;
  for (let t = 0; t < width; t++) {
    rows[from * width + t] = (rows[from * width + t] as number) - factor * (rows[other * width + t] as number);
  }
}

function divideRow(rows: Float64Array, width: number, row: number, divisor: number): void {
  for (let t = 0; t < width; t++) rows[row * width + t] = (rows[row * width + t] as number) / divisor;
}

/** Sum of inputs times coefficients for one hour ahead: the learnt correction in units of the scale. */
export function correction(coefficients: Float64Array, inputs: Float64Array, ahead: number, horizon: number): number {
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) {
    sum += (inputs[i] as number) * (coefficients[i * horizon + ahead] as number);
  }
  return sum;
}
