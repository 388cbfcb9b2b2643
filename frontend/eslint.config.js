import tseslint from "typescript-eslint";

export default tseslint.config(
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-non-null-assertion": "error",
      // Text becomes elements in one place only: DOMPurify, inside markdown.ts.
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
          property,
          message: "Only markdown.ts turns text into elements, through DOMPurify.",
        })),
      ],
      "no-restricted-globals": ["error", "eval"],
    },
  },
  { files: ["tests/**"], rules: { "@typescript-eslint/no-empty-function": "off" } },
);
