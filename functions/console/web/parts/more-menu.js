// The ⋯ button and its menu.
import { html } from "../html.js";
import { Icon } from "./icon.js";
import { Menu } from "./menu.js";

export const MoreMenu = ({ label, items, openRef, size = "" }) => html`
  <${Menu} label=${label} items=${items} openRef=${openRef}
    trigger=${({ ref, ...own }) =>
      html`
        <button type="button" ...${own} ref=${ref} class=${`button ghost bare ${size}`} aria-label=${label}
          title=${label}>
          <${Icon} name="more" />
        </button>`} />`;
