// Block Kit: what only shows is drawn by slack-blocks-to-jsx, what one can press or
// fill in is ours, since the library's buttons and menus tell nobody what was done.

import { Component, memo, useContext, useMemo } from "react";
import { Message as Drawn } from "slack-blocks-to-jsx";
import { SlackDate } from "./dates.jsx";
import { Element } from "./elements.jsx";
import { Field } from "./fields.jsx";
import { Holder } from "./holder.js";
import { NotDrawn } from "./not_drawn.jsx";
import { wordsOf } from "./options.js";
import { prepared } from "./prepare.js";

const HOOKS = {
  date: ({ timestamp, format, link }) => (
    <SlackDate timestamp={timestamp} pattern={format} link={link} />
  ),
};

const DRAWN = new Set([
  "alert",
  "card",
  "carousel",
  "context",
  "data_visualization",
  "divider",
  "file",
  "header",
  "markdown",
  "plan",
  "rich_text",
  "section",
  "table",
  "task_card",
]);

class Boundary extends Component {
  state = { failed: false, block: null };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  // A block that has changed is tried anew.
  static getDerivedStateFromProps({ block }, state) {
    return block === state.block ? null : { failed: false, block };
  }

  render() {
    const { block, children } = this.props;
    return this.state.failed ? <NotDrawn what={block.type} value={block} /> : children;
  }
}

const Shown = memo(function Shown({ block }) {
  const { data } = useContext(Holder);
  const blocks = useMemo(() => [prepared(block)], [block]);
  return <Drawn withoutWrapper blocks={blocks} hooks={HOOKS} data={data} />;
});

/** A picture that came along is shown; one elsewhere is named, since nothing is fetched. */
function Picture({ block }) {
  const here = `${block.image_url ?? ""}`.startsWith("data:");
  return (
    <figure className="picture">
      {block.title && <figcaption>{wordsOf(block.title)}</figcaption>}
      {here ? <img src={block.image_url} alt={block.alt_text} /> : <p>Picture: {block.alt_text}</p>}
    </figure>
  );
}

function Actions({ block }) {
  return (
    <div className="actions">
      {block.elements.map((element) => (
        <Element key={element.action_id} block={block} element={element} />
      ))}
    </div>
  );
}

function Section({ block }) {
  const { accessory, ...rest } = block;
  if (!accessory || accessory.type === "image") return <Shown block={block} />;
  return (
    <div className="with-accessory">
      <Shown block={rest} />
      <div className="actions">
        <Element block={block} element={accessory} />
      </div>
    </div>
  );
}

function Card({ block }) {
  const { actions, ...rest } = block;
  return (
    <>
      <Shown block={rest} />
      {actions?.length > 0 && <Actions block={{ ...block, elements: actions }} />}
    </>
  );
}

function Carousel({ block }) {
  return block.elements.map((card, index) => (
    <Card key={index} block={{ block_id: block.block_id, ...card }} />
  ));
}

function Container({ block }) {
  return (
    <section className="container-block">
      {block.title && <Shown block={{ type: "header", text: block.title }} />}
      {block.rich_text_title && <Shown block={block.rich_text_title} />}
      {block.subtitle && <Shown block={{ type: "context", elements: [block.subtitle] }} />}
      <Blocks blocks={block.child_blocks ?? []} />
    </section>
  );
}

/** The library does not know it; its rows are those of a table. */
function DataTable({ block }) {
  return (
    <>
      {block.caption && <p className="caption">{block.caption}</p>}
      <Shown block={{ type: "table", rows: block.rows }} />
    </>
  );
}

const OURS = {
  actions: Actions,
  card: Card,
  carousel: Carousel,
  container: Container,
  context_actions: Actions,
  data_table: DataTable,
  image: Picture,
  input: Field,
  section: Section,
};

function Block({ block }) {
  const Ours = OURS[block.type];
  if (Ours) return <Ours block={block} />;
  if (DRAWN.has(block.type)) return <Shown block={block} />;
  return <NotDrawn what={block.type} value={block} />;
}

export function Blocks({ blocks }) {
  return blocks.map((block, index) => (
    // Not by block_id: where the app gives none, every update has a new one, and who had
    // just pressed a button would lose their place.
    <Boundary key={index} block={block}>
      <Block block={block} />
    </Boundary>
  ));
}

const asText = (text) => [{ type: "section", text: { type: "mrkdwn", text } }];

function Attachment({ attachment }) {
  const named = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };
  const colour = attachment.color ?? "#8888";
  const bar = named[colour] ?? (/^[0-9a-f]{6}$/i.test(colour) ? `#${colour}` : colour);
  const text = attachment.text ?? attachment.fallback;
  const blocks = attachment.blocks ?? (text ? asText(text) : []);
  return (
    <div className="attachment" style={{ borderInlineStartColor: bar }}>
      <Blocks blocks={blocks} />
    </div>
  );
}

/** What a message says: its blocks, or its text where it has none, then attachments. */
export function Content({ message }) {
  const { blocks, attachments, text } = message;
  const words = attachments.length && text.startsWith("This content can't") ? "" : text;
  const shown = blocks.length > 0 ? blocks : words ? asText(words) : [];
  return (
    <>
      <Blocks blocks={shown} />
      {attachments.map((attachment, index) => (
        <Attachment key={index} attachment={attachment} />
      ))}
    </>
  );
}
