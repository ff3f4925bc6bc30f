/** A grid zone in Electricity Maps' notation, for example `DE` or `US-CAL-CISO`. */
export type Zone = string & { readonly __zone: true };
