export const MAX_TEXT = 1000;
const MAX_NAME = 200;

/** So many that the document of a product stays well below what a sidecar takes in one request. */
export const KEPT = 200;

/** The reviews of a product in one document, `product-{sku}`: one per customer, the newest first. */
export class Reviews {
  #state;
  #now;

  constructor(state, now = () => new Date()) {
    this.#state = state;
    this.#now = now;
  }

  /** @returns {Promise<{review: object, created: boolean}>} created is false when it takes the place of an earlier one, or repeats it. */
  async write(sku, review) {
    let created = false;
    const at = this.#now().toISOString();
    const { reviews } = await this.#state.update(productKey(sku), (product) => {
      created = !product?.reviews.some((other) => other.customerId === review.customerId);
      return withReview(product, { ...review, at });
    });
    return { review: reviews.find((other) => other.customerId === review.customerId), created };
  }

  async of(sku) {
    const { document } = await this.#state.read(productKey(sku));
    return summary(sku, document?.reviews ?? []);
  }
}

/** The product with the review; the very product that is given when it has the same review already. */
export function withReview(product, review) {
  const reviews = product?.reviews ?? [];
  const standing = reviews.find((other) => other.customerId === review.customerId);
  if (standing && standing.rating === review.rating && standing.text === review.text) return product;
  return { reviews: [review, ...reviews.filter((other) => other !== standing)].slice(0, KEPT) };
}

export function summary(sku, reviews) {
  const total = reviews.reduce((sum, review) => sum + review.rating, 0);
  return { sku, count: reviews.length, average: reviews.length === 0 ? null : Math.round((total / reviews.length) * 10) / 10, reviews };
}

/** @returns {{review?: object, errors: Record<string, string[]>}} the review without what nobody asked for, or everything that is wrong with it. */
export function readReview(body) {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return { errors: { '': ['The body must be a JSON object.'] } };
  const { customerId, rating, text } = body;
  const errors = {};
  if (!isText(customerId, MAX_NAME)) errors.customerId = [`A text of 1 to ${MAX_NAME} characters is required.`];
  if (!Number.isInteger(rating) || rating < 1 || rating > 5) errors.rating = ['A whole number from 1 to 5 is required.'];
  if (!isText(text, MAX_TEXT)) errors.text = [`A text of 1 to ${MAX_TEXT} characters is required.`];
  return Object.keys(errors).length > 0 ? { errors } : { review: { customerId, rating, text }, errors };
}

export const isSku = (sku) => isText(sku, MAX_NAME);

const isText = (value, longest) => typeof value === 'string' && value.trim().length > 0 && value.length <= longest && !/\p{Surrogate}/u.test(value);

const productKey = (sku) => `product-${encodeURIComponent(sku)}`;
