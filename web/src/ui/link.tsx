import type { AnchorHTMLAttributes, MouseEvent } from "react";

import { navigate } from "../router";

type Props = AnchorHTMLAttributes<HTMLAnchorElement> & { href: string };

/** A link inside the app: no reload, but a new tab stays possible. */
export function Link({ href, children, ...rest }: Props) {
  function onClick(event: MouseEvent): void {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  }
  return <a href={href} onClick={onClick} {...rest}>{children}</a>;
}
