/* Makes a form of each question of a quiz.  Nothing is sent or kept anywhere: the
   explanations are in the page, folded where scripts are off, hidden until asked here. */
(() => {
  "use strict";

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  let count = 0;

  /* One option: a button, its label, and a place for the explanation, read aloud when
     it comes to light. */
  const choice = (text, answer, type, name) => {
    const id = `quiz-${++count}`;
    const input = element("input", { type, name, id });
    const label = element("label", { for: id }, ...text.childNodes);
    const said = element("p", { hidden: "" }, ...answer.firstElementChild.childNodes);
    const box = element("div", { class: "quiz-option" }, input, label,
      element("div", { role: "status" }, said));
    const right = answer.classList.contains("quiz-right");
    const judge = () => {
      said.hidden = !input.checked;
      box.classList.toggle("quiz-right", input.checked && right);
      box.classList.toggle("quiz-wrong", input.checked && !right);
    };
    return { box, input, right, judge };
  };

  /* What is to be said about the choices as a whole. */
  const verdict = (choices) => {
    const chosen = choices.filter((made) => made.input.checked);
    const right = choices.filter((made) => made.right);
    if (!chosen.length) return "Choose an answer first.";
    if (right.length === 1) return "";
    if (!right.every((made) => made.input.checked)) return "There is more to choose.";
    return chosen.length === right.length ? "That is all." : "";
  };

  const ask = (question, at) => {
    const [text, options, details] = question.children;
    const answers = [...details.querySelectorAll("li")];
    const several = answers.filter((a) => a.classList.contains("quiz-right")).length > 1;
    const type = several ? "checkbox" : "radio";
    const name = `quiz-question-${++count}`;
    const choices = [...options.children].map((option, n) =>
      choice(option.firstElementChild, answers[n], type, name));
    const legend = element("legend", {}, `${at + 1}. `, ...text.childNodes);
    if (several) legend.append(" (More than one is right.)");
    const sum = element("p", { class: "quiz-sum", role: "status" });
    const form = element("form", {},
      element("fieldset", {}, legend, ...choices.map((made) => made.box)),
      element("button", { type: "submit" }, "Check"), sum);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      for (const made of choices) made.judge();
      sum.textContent = verdict(choices);
    });
    question.replaceChildren(form);
  };

  document.querySelectorAll(".quiz > ol > li").forEach(ask);
})();
