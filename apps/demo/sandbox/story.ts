/** A story to read while it arrives: long enough that stopping it midway is worth a try. */

/** Written by a person, played back token by token. */
export const story = `*From the sandbox’s drawer: written by a person, played back token by token.*

## The drop that could not wait

High up in the hills, where the data centre hums, a drop fell out of a very large cloud. It was not a big drop. It said \`The\`, with a space after it, and it knew that something ought to follow.

“Wait here,” said the buffer, which stood at the mouth of the spring like a stone basin. “We leave together, when everybody has arrived. Eight kilobytes is a proper number to travel in.”

“How long will that take?” asked the drop.

“A page or two,” said the buffer. “What is the hurry? Nobody reads half a sentence.”

But down in the valley somebody sat in front of a white page and looked at a blinking caret. They had asked a question four seconds ago, which is a long time to look at a caret. They were about to press the button again.

### The first rapids

The drop did not know this, but it had been labelled. Someone had tied \`text/event-stream\` around its neck, and the buffer, reading the label, sighed and let it through. “No manners,” it muttered. “One at a time, with a blank line after each.”

So the drop went over the edge alone, and then there was \`quick\`, and then there was \`brown\`, and they tumbled down the wire at sixty to the second. Behind a bend they were cut in two by the end of a packet. The left half of a snowman was in one, the right half in the next. A quiet clerk at the bank held the left half in her hand until the right half came along, put them together, and nodded. She had seen this before. She had never once lost a snowman.

### The mill

Further down stood a mill. Every drop that came by was counted, added to the ones before, and entered in a book: so much text, so much thinking, so many calls for a tool. The miller did not start the book again with each drop, as millers elsewhere were known to do. He wrote down only what was new, and so the ten-thousandth drop cost him no more than the first.

“And if the river stops?” the drop asked, going round the wheel.

“Then I look whether it said goodbye,” said the miller. “If it did, I write *finished* and close the book. If it did not, I write *cut off*, and I keep every page. I never write *finished* out of politeness.”

### The valley

Sixteen milliseconds later the page in the valley was no longer white. It said \`The\`. It said \`The quick\`. The person leaned forward, took their finger off the button, and began to read, just a little slower than the river ran.

Once, near the end, they had read enough, and raised a hand. The message went up the wire much faster than anything had come down: past the mill, past the clerk, past the basin, all the way to the cloud, which stopped raining in the middle of a word. Nobody was angry. What had arrived was kept.

The drop lay at the top of the page, first of its line. It had not waited, and it had been read. For a drop, there is no better ending.`
