import type { LinearWeights } from "./linear-policy.js";
import { dotProduct } from "./packed-triangle.js";
import type { RidgeModel } from "./ridge-model.js";

/** Coefficients of a ridge regression with their standard errors. */
export function readWeights(model: RidgeModel): LinearWeights {
  const { dimension, theta, moments, weight, squares, presentRidge } = model;
  // With (G + ridge I) theta = b the squared residuals sum to this.
  const residual =
    squares -
    dotProduct(theta, moments, dimension) -
    presentRidge * dotProduct(theta, theta, dimension);
  const freedom = weight - dimension;
  const variance = freedom > 0 ? Math.max(0, residual) / freedom : Number.NaN;
  const standardErrors = Float64Array.from({ length: dimension }, (_, i) =>
    Math.sqrt(variance * Math.max(0, model.inverseDiagonal(i))),
  );
  return { coefficients: theta.slice(), standardErrors, weight };
}
