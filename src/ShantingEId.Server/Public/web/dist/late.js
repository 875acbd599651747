"use strict";(()=>{requestAnimationFrame(()=>requestAnimationFrame(()=>{let e=document.createElement("script");e.src=document.querySelector("main").dataset.check,document.head.append(e)}));})();
