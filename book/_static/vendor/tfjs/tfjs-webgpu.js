(window.restorePhoto||={}).webgpu=function(core){var webgpu=(()=>{var ps=Object.create;var fe=Object.defineProperty;var ds=Object.getOwnPropertyDescriptor;var ms=Object.getOwnPropertyNames;var fs=Object.getPrototypeOf,gs=Object.prototype.hasOwnProperty;var xs=(s,t)=>()=>(t||s((t={exports:{}}).exports,t),t.exports),Cs=(s,t)=>{for(var e in t)fe(s,e,{get:t[e],enumerable:!0})},Ze=(s,t,e,o)=>{if(t&&typeof t=="object"||typeof t=="function")for(let r of ms(t))!gs.call(s,r)&&r!==e&&fe(s,r,{get:()=>t[r],enumerable:!(o=ds(t,r))||o.enumerable});return s};var Ss=(s,t,e)=>(e=s!=null?ps(fs(s)):{},Ze(t||!s||!s.__esModule?fe(e,"default",{value:s,enumerable:!0}):e,s)),ws=s=>Ze(fe({},"__esModule",{value:!0}),s);var kt=xs((yi,Dt)=>{Dt.exports={}});var kr={};Cs(kr,{end:()=>Dr,guarded:()=>Br,release:()=>_r,start:()=>Er});var Je="AvgPool";var et="Concat";var tt="DepthToSpace";var st="Identity";var ot="Multiply";var rt="Relu",it="Reshape";var at="Slice";var nt="FusedConv2D",ut="FusedDepthwiseConv2D";var{DataStorage:lt,KernelBackend:ct,backend_util:w,broadcast_util:ht,buffer:We,engine:ge,env:D,registerBackend:pt,registerKernel:dt,slice_util:Ge,sumOutType:mt,upcastType:Ve,util:g}=core;var W=D();W.registerFlag("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE",()=>15);W.registerFlag("WEBGPU_CPU_FORWARD",()=>!0);W.registerFlag("WEBGPU_MATMUL_PROGRAM_TYPE",()=>-1);W.registerFlag("WEBGPU_USE_NAIVE_CONV2D_TRANSPOSE",()=>!0);W.registerFlag("WEBGPU_USE_LOW_POWER_GPU",()=>!1);W.registerFlag("WEBGPU_CPU_HANDOFF_SIZE_THRESHOLD",()=>1e3);W.registerFlag("WEBGPU_USE_PROFILE_TOOL",()=>!1);W.registerFlag("WEBGPU_IMPORT_EXTERNAL_TEXTURE",()=>!0);W.registerFlag("WEBGPU_USE_NAIVE_CONV2D_DEBUG",()=>!1);W.registerFlag("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL",()=>-1);W.registerFlag("WEBGPU_CONV_SEPARATE_IM2COL_SHADER",()=>!1);W.registerFlag("WEBGPU_PRINT_SHADER",()=>"");W.registerFlag("WEBGPU_ENGINE_COMPILE_ONLY",()=>!1);var xe=class{constructor(t){t&&(this.vendor=t.vendor,this.architecture=t.architecture,this.intelGPUGeneration=this.getIntelGPUGeneration())}getIntelGPUGeneration(){if(this.isIntel()){if(this.architecture.startsWith("gen"))return Number(this.architecture.match(/\d+/));if(this.architecture.startsWith("xe"))return 12}return 0}isIntel(){return this.vendor==="intel"}};var Ce=class{constructor(t){this.device=t,this.numUsedBuffers=0,this.numFreeBuffers=0,this.freeBuffers=new Map,this.usedBuffers=new Map,this.numBytesUsed=0,this.numBytesAllocated=0}acquireBuffer(t,e,o=!1,r=!0){let i,a=ft(t,e);return r?(this.freeBuffers.has(a)||this.freeBuffers.set(a,[]),this.freeBuffers.get(a).length>0?(i=this.freeBuffers.get(a).pop(),this.numFreeBuffers--):(i=this.device.createBuffer({size:t,usage:e,mappedAtCreation:o}),this.numBytesAllocated+=t)):(i=this.device.createBuffer({size:t,usage:e,mappedAtCreation:o}),this.numBytesAllocated+=t),this.usedBuffers.has(a)||this.usedBuffers.set(a,[]),this.usedBuffers.get(a).push(i),this.numUsedBuffers++,this.numBytesUsed+=t,i}releaseBuffer(t,e=!0){if(this.freeBuffers.size===0)return;let o=t.size,r=t.usage,i=ft(o,r),a=this.usedBuffers.get(i),n=a.indexOf(t);if(n<0)throw new Error("Cannot find the buffer in buffer manager");a[n]=a[a.length-1],a.pop(),this.numUsedBuffers--,this.numBytesUsed-=o,e?(this.freeBuffers.get(i).push(t),this.numFreeBuffers++):(t.destroy(),this.numBytesAllocated-=o)}getNumUsedBuffers(){return this.numUsedBuffers}getNumFreeBuffers(){return this.numFreeBuffers}dispose(){this.freeBuffers.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.usedBuffers.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.freeBuffers=new Map,this.usedBuffers=new Map,this.numUsedBuffers=0,this.numFreeBuffers=0,this.numBytesUsed=0,this.numBytesAllocated=0}};function ft(s,t){return`${s}_${t}`}var Se=class{constructor(t){this.device=t,this.numUsedTextures=0,this.numFreeTextures=0,this.freeTextures=new Map,this.usedTextures=new Map,this.numBytesUsed=0,this.numBytesAllocated=0}acquireTexture(t,e,o,r){let i=xt(o),a=t*e*i,n=gt(t,e,o,r);if(this.freeTextures.has(n)||this.freeTextures.set(n,[]),this.usedTextures.has(n)||this.usedTextures.set(n,[]),this.numBytesUsed+=a,this.numUsedTextures++,this.freeTextures.get(n).length>0){this.numFreeTextures--;let c=this.freeTextures.get(n).shift();return this.usedTextures.get(n).push(c),c}this.numBytesAllocated+=a;let u=this.device.createTexture({size:[t,e],format:o,usage:r});return this.usedTextures.get(n).push(u),u}releaseTexture(t){if(this.freeTextures.size===0)return;let e=t.width,o=t.height,r=t.format,i=t.usage,a=gt(e,o,r,i);this.freeTextures.has(a)||this.freeTextures.set(a,[]),this.freeTextures.get(a).push(t),this.numFreeTextures++,this.numUsedTextures--;let n=this.usedTextures.get(a),u=n.indexOf(t);if(u<0)throw new Error("Cannot release a texture that was never provided by this texture manager");n.splice(u,1);let c=xt(r),l=e*o*c;this.numBytesUsed-=l}getNumUsedTextures(){return this.numUsedTextures}getNumFreeTextures(){return this.numFreeTextures}dispose(){this.freeTextures.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.usedTextures.forEach((t,e)=>{t.forEach(o=>{o.destroy()})}),this.freeTextures=new Map,this.usedTextures=new Map,this.numUsedTextures=0,this.numFreeTextures=0,this.numBytesUsed=0,this.numBytesAllocated=0}};function gt(s,t,e,o){return`${s}_${t}_${e}_${o}`}function xt(s){if(s==="rgba8unorm")return 16;throw new Error(`${s} is not supported!`)}function Ct(s,t){if(Math.max(...s)>5)throw new Error("Cannot symbolically compute strides for rank > 6 tensor.");let e=s.length,o="xyzwuv",r=s.map(a=>`${t}.${o[a]}`),i=new Array(e-1);i[e-2]=r[e-1];for(let a=e-3;a>=0;--a)i[a]=`(${i[a+1]} * ${r[a+1]})`;return i}var St=(s,t,e)=>e==="int32"?`atomicAdd(${s}, bitcast<i32>(${t}));`:`
          {
            var oldValue = 0;
            loop {
              let newValueF32 = bitcast<f32>(oldValue) + (${t});
              let newValue = bitcast<i32>(newValueF32);
              let res = atomicCompareExchangeWeak(${s}, oldValue, newValue);
              if res.exchanged {
                break;
              }
              oldValue = res.old_value;
            }
          }`;var ie;(function(s){s[s.FROM_PIXELS=0]="FROM_PIXELS",s[s.DRAW=1]="DRAW"})(ie||(ie={}));var $t=(s,t,e,o,r)=>{let i={dtype:o.dtype,shape:o.shape},a=vs(e,i,t),n=s.createShaderModule({code:a,label:t.constructor.name}),u=D().get("WEBGPU_PRINT_SHADER");if(u!==""){u=u.toLowerCase();let c=u.split(",");(u==="all"||c.some(l=>t.shaderKey.toLowerCase().includes(l)))&&(console.group(t.shaderKey),console.debug(a),console.groupEnd())}return r?s.createComputePipelineAsync({compute:{module:n,entryPoint:"_start"},label:t.constructor.name,layout:"auto"}):s.createComputePipeline({compute:{module:n,entryPoint:"_start"},label:t.constructor.name,layout:"auto"})},I=(s,t="f32")=>{switch(s){case 1:return`${t}`;case 2:return`vec2<${t}>`;case 3:return`vec3<${t}>`;case 4:return`vec4<${t}>`;default:throw new Error(`${s}-component ${t} is not supported.`)}};function U(s){if(s<=1)return"i32";if(s===2)return"vec2<i32>";if(s===3)return"vec3<i32>";if(s===4)return"vec4<i32>";if(s===5)return"vec5";if(s===6)return"vec6";throw Error(`GPU for rank ${s} is not yet supported`)}function X(s){if(s===0)return"x";if(s===1)return"y";if(s===2)return"z";if(s===3)return"w";if(s===4)return"u";if(s===5)return"v";throw Error(`Index ${s} is not yet supported`)}function b(...s){let t;switch(s.length){case 0:t=`
        fn main()
      `;break;case 1:t=`
        fn main(${s[0]} : i32)
      `;break;default:throw Error("Unreachable")}return t}function wt(s,t){let e;return e=`
     ${bs(t)}
      fn _start(@builtin(local_invocation_id) LocalId : vec3<u32>,
                @builtin(global_invocation_id) GlobalId : vec3<u32>,
                @builtin(local_invocation_index) LocalIndex: u32,
                @builtin(workgroup_id) WorkgroupId : vec3<u32>,
                @builtin(num_workgroups) NumWorkgroups : vec3<u32>) {
        localId = LocalId;
        localIndex = LocalIndex;
        globalId = GlobalId;
        numWorkgroups = NumWorkgroups;
        workgroupId = WorkgroupId;
        ${s?"main(getGlobalIndex());":"main();"};
      }
    `,e}function bs(s){return`
  @compute @workgroup_size(${s.workgroupSize[0]}, ${s.workgroupSize[1]}, ${s.workgroupSize[2]})
`}function vs(s,t,e){let o=[],r=e.workgroupSize[0]*e.workgroupSize[1]*e.workgroupSize[2];if(e.outputComponent=e.outputComponent?e.outputComponent:1,o.push(`

      var<private> localId: vec3<u32>;
      var<private> localIndex: u32;
      var<private> globalId: vec3<u32>;
      var<private> numWorkgroups: vec3<u32>;
      var<private> workgroupId: vec3<u32>;

      // Only used when the y/z dimension of workgroup size is 1.
      fn getGlobalIndex() -> i32 {
        ${Rt(e)?"  return i32(globalId.x);":`  return i32((workgroupId.z * numWorkgroups.x * numWorkgroups.y +
                workgroupId.y * numWorkgroups.x + workgroupId.x) * ${r}u +
                localIndex);
        `}
      }
    `),e.pixelsOpType!=null){let d=e.pixelsOpType===ie.FROM_PIXELS?`@group(0) @binding(0) var<storage, read_write> result: array<${J(t.dtype,e.outputComponent)}>;`:`@group(0) @binding(1) var<storage, read> inBuf : array<${J(s[0].dtype,e.outputComponent)}>;`,p=t.shape.length===3?"vec2<i32>":"i32";o.push(`
        struct Uniform {
          outShapeStrides : ${p},
          size            : i32,
          numChannels     : i32,
          alpha           : f32,
        };

        ${d}
        @group(0) @binding(2) var<uniform> uniforms: Uniform;
      `);let x=vt(e);return[bt,o.join(`
`),He(t.shape),e.getUserCode(),wt(x,e)].join(`
`)}let i,a,n="struct Uniforms { NAN : f32, INFINITY : f32, ";e.variableNames.forEach((d,p)=>{let x=U(s[p].shape.length);n+=`${d.charAt(0).toLowerCase()+d.slice(1)}Shape : ${x}, `,i=s[p].shape.length-1,a=U(i),n+=`${d.charAt(0).toLowerCase()+d.slice(1)}ShapeStrides: ${a}, `});let u=U(t.shape.length);n+=`outShape : ${u}, `,i=t.shape.length-1,a=U(i),n+=`
         outShapeStrides: ${a}, `,e.size&&(n+="size : i32, "),e.uniforms&&(n+=e.uniforms),n+="};",n=Bs(n),o.push(n),e.atomic?o.push(`
      @group(0) @binding(0) var<storage, read_write> result: array<atomic<i32>>;
    `):o.push(`
      @group(0) @binding(0) var<storage, read_write> result: array<${J(t.dtype,e.outputComponent)}>;
    `),e.variableNames.forEach((d,p)=>{o.push(`
      @group(0) @binding(${1+p}) var<storage, read> ${d}: array<${e.variableComponents?J(s[p].dtype,e.variableComponents[p]):J(s[p].dtype,e.outputComponent)}>;
        `)}),n!==""&&o.push(`
      @group(0) @binding(${1+e.variableNames.length}) var<uniform> uniforms: Uniforms;
      `);let c=Ps(t.shape,e.dispatchLayout),l=[bt,o.join(`
`)+$s,He(t.shape),c,ys(t.shape.length)];e.atomic||l.push(Es(t.shape,t.dtype,e.outputComponent)),e.variableNames.forEach((d,p)=>{l.push(`${He(s[p].shape,d)}`)});let m=s.map((d,p)=>As(d,t.shape,e.variableComponents?e.variableComponents[p]:e.outputComponent,e.dispatchLayout.x.length===t.shape.length)).join(`
`);l.push(m),l.push(e.getUserCode());let h=vt(e);return l.push(wt(h,e)),l.join(`
`)}function It(s,t,e){let o=s.shaderKey;if(s.pixelsOpType!=null)return o;let r=[],i=[];t.forEach(l=>{r.push(l.shape),i.push(l.dtype)}),r.push(e.shape),i.push(e.dtype);let a=t.map(l=>w.getBroadcastDims(l.shape,e.shape)),n=t.map(l=>g.arraysEqual(l.shape,e.shape)).join("_"),u=a.map(l=>l.join("_")).join(";"),c=Rt(s)?"flatDispatch":"";return o+="_"+(s.workgroupSize?s.workgroupSize.join(","):"")+r.map(l=>l.length).join(",")+i.join(",")+s.variableNames.join(",")+u+n+c,o}var bt=`
  struct vec5 {x: i32, y: i32, z: i32, w: i32, u: i32};
  struct vec6 {x: i32, y: i32, z: i32, w: i32, u: i32, v: i32};

  // Checks whether coordinates lie within the bounds of the shape.
  fn coordsInBounds2D(coord : vec2<i32>, shape : vec2<i32>) -> bool {
    return all(coord >= vec2<i32>(0)) && all(coord < shape);
  }
  fn coordsInBounds3D(coord : vec3<i32>, shape : vec3<i32>) -> bool {
    return all(coord >= vec3<i32>(0)) && all(coord < shape);
  }
  fn coordsInBounds4D(coord : vec4<i32>, shape : vec4<i32>) -> bool {
    return all(coord >= vec4<i32>(0)) && all(coord < shape);
  }

  fn getIndexFromCoords1D(coord : i32, shape : i32) -> i32 {
    return coord;
  }
  fn getIndexFromCoords2D(coords : vec2<i32>, shape : vec2<i32>) -> i32 {
    return dot(coords, vec2<i32>(shape.y, 1));
  }
  fn getIndexFromCoords3D(coords : vec3<i32>, shape : vec3<i32>) -> i32 {
    return dot(coords, vec3<i32>(shape.y * shape.z, shape.z, 1));
  }
  fn getIndexFromCoords4D(coords : vec4<i32>, shape : vec4<i32>) -> i32 {
    return dot(coords, vec4<i32>(
        shape.y * shape.z * shape.w, shape.z * shape.w, shape.w, 1));
  }
  fn getIndexFromCoords5D(coords : vec5, shape : vec5) -> i32 {
    let shapeStrides: vec5 = vec5(shape.y * shape.z * shape.w * shape.u, shape.z * shape.w * shape.u, shape.w * shape.u, shape.u, 1);
    return coords.x*shapeStrides.x + coords.y*shapeStrides.y + coords.z*shapeStrides.z + coords.w*shapeStrides.w + coords.u*shapeStrides.u;
  }
  fn getIndexFromCoords6D(coords : vec6, shape : vec6) -> i32 {
    let shapeStrides: vec6 = vec6(shape.y * shape.z * shape.w * shape.u * shape.v, shape.z * shape.w * shape.u * shape.v, shape.w * shape.u * shape.v, shape.u * shape.v, shape.v, 1);
    return coords.x*shapeStrides.x + coords.y*shapeStrides.y + coords.z*shapeStrides.z + coords.w*shapeStrides.w + coords.u*shapeStrides.u + coords.v*shapeStrides.v;
  }

  // NaN defination in IEEE 754-1985 is :
  //   - sign = either 0 or 1.
  //   - biased exponent = all 1 bits.
  //   - fraction = anything except all 0 bits (since all 0 bits represents infinity).
  // https://en.wikipedia.org/wiki/IEEE_754-1985#Representation_of_non-numbers
  fn isnan(val: f32) -> bool {
    let floatToUint: u32 = bitcast<u32>(val);
    return (floatToUint & 0x7fffffffu) > 0x7f800000u;
  }
  fn isnanVec4(val : vec4<f32>) -> vec4<bool> {
    let floatToUint: vec4<u32> = bitcast<vec4<u32>>(val);
    return (floatToUint & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  }
`,$s=`
  fn isinf(val: f32) -> bool {
    return abs(val) == uniforms.INFINITY;
  }
`;function He(s,t=""){let e=s.length,o=t!==""?`get${t.charAt(0).toUpperCase()+t.slice(1)}CoordsFromIndex`:"getCoordsFromIndex",r=t!==""?`${t.charAt(0).toLowerCase()+t.slice(1)}ShapeStrides`:"outShapeStrides";if(e<=1)return`fn ${o}(index : i32) -> i32 { return index; }`;let i=g.computeStrides(s),a=U(e),n=[];for(let c=0;c<e;c++)n.push(`d${c}`);if(i.length===1)return`    fn ${o}(index : i32) -> vec2<i32> {
      let d0 = index / uniforms.${r}; let d1 = index - d0 * uniforms.${r};
      return vec2<i32>(d0, d1);
    }`;let u;return u="var index2 = index;"+i.map((c,l)=>{let m=`let ${n[l]} = index2 / uniforms.${r}.${X(l)}`,h=l===i.length-1?`let ${n[l+1]} = index2 - ${n[l]} * uniforms.${r}.${X(l)}`:`index2 = index2 - ${n[l]} * uniforms.${r}.${X(l)}`;return`${m}; ${h};`}).join(""),`
    fn ${o}(index : i32) -> ${a} {
      ${u}
      return ${a}(${n.join(",")});
    }
  `}function Is(s,t){let e=s.name,o=s.shape.length,r=U(o),i="get"+e.charAt(0).toUpperCase()+e.slice(1),a=["d0","d1","d2","d3","d4","d5"].slice(0,o),n=a.map(l=>`${l} : i32`).join(", ");if(o<1)return`
      fn ${i}() -> ${I(t)} {
        return ${I(t)}(${e}[0]);
      }
    `;let u=`uniforms.${e.charAt(0).toLowerCase()+e.slice(1)}Shape`,c=`${o}D`;return o===0&&(c="1D"),`
    fn ${i}(${n}) -> ${I(t)} {
      return ${I(t)}(${e}[getIndexFromCoords${c}(${r}(${a.join(",")}),
        ${u})${t===1?"":` / ${t}`}]);
    }
   `}function Rs(s,t,e,o){let r=s.name,i=r.charAt(0).toUpperCase()+r.slice(1),a="get"+i+"ByOutput",n=s.shape.length,u=t.length,c=U(u);if(g.arraysEqual(s.shape,t)&&o)return`
    fn ${a}Index(globalIndex : i32) -> ${I(e)} {
      return ${I(e)}(${r}[globalIndex]);
    }

    fn ${a}Coords(coords : ${c}) -> ${I(e)} {
      return ${I(e)}(${r}[${u>1?"getOutputIndexFromCoords(coords)":"coords"}${e===1?"":` / ${e}`}]);
    }
    `;let l=w.getBroadcastDims(s.shape,t),m=u-n,h="";if(n===0)return`
    fn ${a}Index(globalIndex : i32) -> ${I(e)}{
      return get${i}();
    }

    fn ${a}Coords(coords : ${c}) -> ${I(e)}{
      return get${i}();
    }
  `;u<2&&l.length>=1?h="coords = 0;":h=l.map(x=>`coords.${X(x+m)} = 0;`).join(`
`);let f="";if(u<2&&n>0)f="coords";else if(u>1){let x=U(n),C=s.shape.map((R,$)=>`coords.${X($+m)}`).join(", ");f=`${x}(${C})`}else f="coords";let d=`uniforms.${r.charAt(0).toLowerCase()+r.slice(1)}Shape`,p=`${n}D`;return`
  fn ${a}Index(globalIndex : i32) -> ${I(e)} {
    var coords = getCoordsFromIndex(globalIndex);
    ${h}
    return ${I(e)}(${r}[getIndexFromCoords${p}(${f}, ${d})${e===1?"":` / ${e}`}]);
  }

  fn ${a}Coords(coordsIn : ${c}) -> ${I(e)} {
    var coords = coordsIn;
    ${h}
    return ${I(e)}(${r}[getIndexFromCoords${p}(${f}, ${d})${e===1?"":` / ${e}`}]);
  }
`}function As(s,t,e,o){let r=Is(s,e);return s.shape.length<=t.length&&(r+=Rs(s,t,e,o)),r}function Ps(s,t){let{x:e,y:o=[],z:r=[]}=t,i=s.length,a=e.length+o.length+r.length;if(a!==i)return"";if(e.length===i)return`fn getOutputCoords() -> ${U(i)}{
    let globalIndex = getGlobalIndex();
    return getCoordsFromIndex(globalIndex);
  }
  `;let n="",u=[e,o,r];for(let h=0;h<u.length;h++){let f=u[h];if(f.length!==0)if(f.length===1)n+=`let d${f[0]} = i32(globalId[${h}]);`;else{let d=Ct(f,"uniforms.outShape");n+=`var index${h} = i32(globalId[${h}]);`;for(let p=0;p<d.length;p++)n+=`let d${f[p]} = index${h} / ${d[p]};`,p===d.length-1?n+=`let d${f[p+1]} = index${h} - d${f[p]} * ${d[p]};`:n+=`index${h} = index${h} - d${f[p]} * ${d[p]};`}}let c=[];for(let h=0;h<a;h++)c.push(`d${h}`);let l=U(a),m=`fn getOutputCoords() -> ${l} {
  ${n}
`;return c.length===0?m+=`return ${l}(0); }`:m+=`return ${l}(${c.join(",")}); }`,m}function ys(s){let t="";switch(s){case 0:case 1:t+=`
        fn getOutputIndexFromCoords(coords : i32) -> i32 {
          return coords;
        }
        `;break;case 2:t+=`
        fn getOutputIndexFromCoords(coords : vec2<i32>) -> i32 {
          return dot(coords, vec2<i32>(uniforms.outShapeStrides, 1));
        }
        `;break;case 3:t+=`
        fn getOutputIndexFromCoords(coords : vec3<i32>) -> i32 {
          return dot(coords, vec3<i32>(uniforms.outShapeStrides.x, uniforms.outShapeStrides.y, 1));
        }
        `;break;case 4:t+=`
        fn getOutputIndexFromCoords(coords : vec4<i32>) -> i32 {
          return dot(coords, vec4<i32>(
            uniforms.outShapeStrides.x, uniforms.outShapeStrides.y, uniforms.outShapeStrides.z, 1));
        }
        `;break;case 5:t+=`
        fn getOutputIndexFromCoords(coords : vec5) -> i32 {
          return coords.x * uniforms.outShapeStrides.x +
              coords.y * uniforms.outShapeStrides.y +
              coords.z * uniforms.outShapeStrides.z +
              coords.w * uniforms.outShapeStrides.w +
              coords.u;
        }
        `;break;case 6:t+=`
        fn getOutputIndexFromCoords(coords : vec6) -> i32 {
          return coords.x * uniforms.outShapeStrides.x +
              coords.y * uniforms.outShapeStrides.y +
              coords.z * uniforms.outShapeStrides.z +
              coords.w * uniforms.outShapeStrides.w +
              coords.u * uniforms.outShapeStrides.u +
              coords.v;
        }
        `;break;default:g.assert(!1,()=>`Unsupported ${s}D shape`);break}return t}function Rt(s){return s.dispatch[1]===1&&s.dispatch[2]===1}function J(s,t=1){if(s==="float32")return I(t,"f32");if(s==="int32"||s==="bool")return I(t,"i32");throw new Error(`type ${s} is not supported.`)}function Es(s,t,e){let o=s.length,r=J(t,e),i=`fn setOutputAtIndex(flatIndex : i32, value : ${I(e)}) {
      result[flatIndex] = ${r}(value);
    }

    fn setOutputAtIndexI32(flatIndex : i32, value : ${I(e,"i32")}) {
      result[flatIndex] = ${r}(value);
    }
    `;if(o>=2){let a=["d0","d1","d2","d3","d4","d5"].slice(0,o),n=U(o);i+=`
      fn setOutputAtCoords(${a.map(u=>`${u} : i32`).join(", ")}, value : ${I(e)}) {
        let flatIndex = getOutputIndexFromCoords(${n}(${a.join(", ")}));
        setOutputAtIndex(flatIndex${e===1?"":` / ${e}`}, value);
      }
      fn setOutputAtCoordsI32(${a.map(u=>`${u} : i32`).join(", ")}, value : ${I(e,"i32")}) {
        let flatIndex = getOutputIndexFromCoords(${n}(${a.join(", ")}));
        setOutputAtIndexI32(flatIndex${e===1?"":` / ${e}`}, value);
      }
    `}return i}function Bs(s){let t=/(\w+)\s*:\s*vec(5|6)/g;s=s.replace(t,o=>"@align(16) "+o);let e=/vec(5|6)\s*,\s*(\w+)/g;return s=s.replace(e,(o,r,i)=>`vec${r}, @align(16) ${i}`),s}function vt(s){return!(s.dispatchLayout.hasOwnProperty("y")&&s.dispatchLayout.y.length!==0||s.dispatchLayout.hasOwnProperty("z")&&s.dispatchLayout.z.length!==0)}var j=s=>{let t=1;for(let e=0;e<s.length;e++)t*=s[e];return t};function v(s,t,e=[1,1,1],o=[1,1,1]){let[r,i,a]=[Math.ceil(j(s.x.map(n=>t[n]))/(e[0]*o[0])),s.y?Math.ceil(j(s.y.map(n=>t[n]))/(e[1]*o[1])):1,s.z?Math.ceil(j(s.z.map(n=>t[n]))/(e[2]*o[2])):1];return[r,i,a]}function At(s,t,e,o=!1){let r=[8,8,1],i=[4,4,1];return o||(s<=8&&(i[1]=1),t<=16&&e<=16&&(r[0]=4)),{workgroupSize:r,elementsPerThread:i}}function Pt(s,t,e=!1){if(e)return[8,8,1];let o=j(s.x.map(i=>t[i])),r=j(s.y.map(i=>t[i]));return o<=4?[4,16,1]:r<=4?[16,4,1]:[16,16,1]}function yt(s,t,e=!1){if(e)return[4,4,1];let o=j(s.x.map(i=>t[i])),r=j(s.y.map(i=>t[i]));return o<=4?[1,2,1]:r<=4?[2,1,1]:[2,2,1]}function E(s){return{x:s.map((t,e)=>e)}}function qe(s){if(s==="float32"||s==="int32"||s==="bool"||s==="string")return 4;if(s==="complex64")return 8;throw new Error(`Unknown dtype ${s}`)}function Et(){return!!(typeof globalThis<"u"&&globalThis.navigator&&globalThis.navigator.gpu)}var q;(function(s){s[s.MatMulReduceProgram=0]="MatMulReduceProgram",s[s.MatMulSplitKProgram=1]="MatMulSplitKProgram",s[s.MatMulSmallOutputSizeProgram=2]="MatMulSmallOutputSizeProgram",s[s.MatMulPackedProgram=3]="MatMulPackedProgram",s[s.MatMulMax=4]="MatMulMax"})(q||(q={}));var ks=D().getNumber("WEBGPU_CPU_HANDOFF_SIZE_THRESHOLD"),Ls=(s,t)=>{let e=s.limits.maxComputeWorkgroupsPerDimension,o=t.dispatchLayout,r=t.dispatch;if(r.every(a=>a<=e))return r;g.assert(r[0]>e&&o.y===void 0&&o.z===void 0,()=>"Dispatch size exceeds WebGPU limits in Y or Z dimension.");let i=Math.ceil(Math.sqrt(r[0]));return i>e?(i=Math.ceil(Math.cbrt(r[0])),g.assert(i<=e,()=>"Total dispatch size exceeds WebGPU maximum."),[i,i,i]):[i,i,1]},ae=class s extends ct{nextDataId(){return s.nextDataId++}constructor(t,e){if(super(),this.commandQueueOwnedIds=new WeakSet,this.dispatchCountInPass=0,this.disposed=!1,this.downloadWaitMs=0,this.tensorDataPendingDisposal=[],this.queryResolveBuffer=null,this.querySet=null,this.querySetCount=2,this.stagingPendingDisposal=[],this.uniformPendingDisposal=[],this.uploadWaitMs=0,this.hasReadSyncWarned=!1,this.hasTimestampQueryWarned=!1,!Et())throw new Error("WebGPU is not supported on this device");this.pipelineCache={},this.device=t,this.queue=t.queue,this.commandEncoder=null,this.computePassEncoder=null,this.adapterInfo=new xe(e),this.supportTimestampQuery=this.device.features.has("timestamp-query"),this.thresholdToIncreaseWorkgroups=this.adapterInfo.intelGPUGeneration>=12?16:8,this.bufferManager=new Ce(this.device),this.textureManager=new Se(this.device),this.tensorMap=new lt(this,ge()),D().getBool("WEBGPU_USE_PROFILE_TOOL")&&(this.dummyCanvas=document.createElement("canvas"),this.dummyCanvas.width=1,this.dummyCanvas.height=1,this.dummyContext=this.dummyCanvas.getContext("webgpu"),this.dummyContext.configure({device:t,format:"bgra8unorm"}),document.body.appendChild(this.dummyCanvas))}floatPrecision(){return 32}disposeData(t,e=!1){if(!this.tensorMap.has(t))return!0;let o=this.tensorMap.get(t);return e?o.refCount=0:o.refCount--,o.refCount>0?!1:(o.complexTensorInfos!=null&&(this.disposeData(o.complexTensorInfos.real.dataId),this.disposeData(o.complexTensorInfos.imag.dataId)),this.commandQueueOwnedIds.has(t)?(this.tensorDataPendingDisposal.push(t),!0):(this.releaseResource(t),this.tensorMap.delete(t),!0))}memory(){return{numBytesInGPU:this.bufferManager.numBytesUsed,numBytesAllocatedInGPU:this.bufferManager.numBytesAllocated,unreliable:!1}}releaseResource(t){let e=this.tensorMap.get(t);if(!(!e||!e.resource)){if(e.external){e.resource=null;return}e.resource instanceof GPUBuffer?this.bufferManager.releaseBuffer(e.resource):e.resource instanceof GPUTexture&&this.textureManager.releaseTexture(e.resource),e.resource=null}}refCount(t){return this.tensorMap.has(t)?this.tensorMap.get(t).refCount:0}incRef(t){let e=this.tensorMap.get(t);e.refCount++}decRef(t){if(this.tensorMap.has(t)){let e=this.tensorMap.get(t);e.refCount--}}write(t,e,o){if(o==="complex64"&&t!=null)throw new Error("Cannot write to a complex64 dtype. Please use tf.complex(real, imag).");let r={id:this.nextDataId()};return this.tensorMap.set(r,{dtype:o,shape:e,values:t,refCount:1}),r}move(t,e,o,r,i){if(r==="complex64")throw new Error("Cannot write to a complex64 dtype. Please use tf.complex(real, imag).");this.tensorMap.set(t,{dtype:r,shape:o,values:e,refCount:i})}submitQueue(){this.queue.submit([this.commandEncoder.finish()]),this.commandEncoder=null,this.dispatchCountInPass=0,this.commandQueueOwnedIds=new WeakSet,this.tensorDataPendingDisposal.forEach(t=>{this.releaseResource(t),this.tensorMap.delete(t)}),this.uniformPendingDisposal.forEach(t=>this.bufferManager.releaseBuffer(t)),this.stagingPendingDisposal.forEach(t=>this.bufferManager.releaseBuffer(t,!1)),this.tensorDataPendingDisposal=[],this.uniformPendingDisposal=[],this.stagingPendingDisposal=[]}ensureCommandEncoderReady(){this.commandEncoder||(this.commandEncoder=this.device.createCommandEncoder())}endComputePassEncoder(){this.computePassEncoder&&(this.computePassEncoder.end(),this.computePassEncoder=null)}async checkCompileCompletionAsync(){let t;try{t=await Promise.all(Object.values(this.pipelineCache))}catch(e){throw new Error(e.message)}Object.keys(this.pipelineCache).map((e,o)=>{this.pipelineCache[e]=t[o]})}async getBufferData(t){if(D().getBool("WEBGPU_ENGINE_COMPILE_ONLY"))return console.warn("The data may be invalid since WEBGPU_ENGINE_COMPILE_ONLY is true, this can only be called when WEBGPU_ENGINE_COMPILE_ONLY is false"),null;let e=t.size,o=this.bufferManager.acquireBuffer(e,GPUBufferUsage.COPY_DST|GPUBufferUsage.MAP_READ);this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(t,0,o,0,e),this.submitQueue(),await o.mapAsync(GPUMapMode.READ);let r=o.getMappedRange().slice(0);return o.unmap(),o!=null&&this.bufferManager.releaseBuffer(o),D().getBool("WEBGPU_USE_PROFILE_TOOL")&&(g.assert(this.dummyContext!==void 0,()=>"Fail to get context for profiling tool"),this.dummyContext.getCurrentTexture()),r}convertAndCacheOnCPU(t,e){let o=this.tensorMap.get(t);return o.values=e,o.values}readSync(t){let e=this.tensorMap.get(t),{values:o,complexTensorInfos:r}=e;if(o!=null||e.dtype==="string")return o;if(e.dtype==="complex64"){let p=this.readSync(r.real.dataId),x=this.readSync(r.imag.dataId),C=g.convertBackendValuesAndArrayBuffer(w.mergeRealAndImagArrays(p,x).buffer,"float32");return this.convertAndCacheOnCPU(t,C),C}this.hasReadSyncWarned||(this.hasReadSyncWarned=!0,console.warn("The performance of synchronously reading data from GPU to CPU is poor on the webgpu backend, please use asynchronous APIs instead."));let i=["opaque","premultiplied"],a=e.resource,n=a.size;g.assert(n%4===0,()=>"Because there is 4 bytes for one pixel, buffer size must be multiple of 4.");let u=n/4,c=new ArrayBuffer(n),l=256,m=256,h=i.map(p=>new OffscreenCanvas(l,m)),f=new OffscreenCanvas(l,m);this.endComputePassEncoder(),h.map((p,x)=>{let C=p.getContext("webgpu");return C.configure({device:this.device,format:"bgra8unorm",usage:GPUTextureUsage.COPY_DST,alphaMode:i[x]}),C.getCurrentTexture()}).map((p,x)=>{let C=l*4,R=(T,_,O)=>{this.ensureCommandEncoderReady(),this.commandEncoder.copyBufferToTexture({buffer:a,bytesPerRow:C,offset:O},{texture:p},{width:T,height:_}),this.submitQueue();let G=f.getContext("2d",{willReadFrequently:!0});G.clearRect(0,0,T,_),G.drawImage(h[x],0,0);let Q=G.getImageData(0,0,T,_).data,K=i[x],L=new Uint8ClampedArray(c,O,T*_*4);for(let M=0;M<L.length;M+=4)if(K==="premultiplied")L[M+3]=Q[M+3];else{let N=Q[M];L[M]=Q[M+2],L[M+1]=Q[M+1],L[M+2]=N}},$=Math.floor(u/(l*m)),y=l,P=m,k=0;for(let T=0;T<$;T++)R(y,P,k),k+=l*m*4;let z=u%(l*m);P=Math.floor(z/l),P>0&&(R(y,P,k),k+=P*(l*4)),y=z%l,y>0&&R(y,1,k)});let d=g.convertBackendValuesAndArrayBuffer(c,e.dtype);return this.convertAndCacheOnCPU(t,d),d}async read(t){if(!this.tensorMap.has(t))throw new Error(`Tensor ${t} was not registered!`);let e=this.tensorMap.get(t),{values:o}=e;if(o!=null)return o;let r;if(e.dtype==="complex64"){let i=await Promise.all([this.read(e.complexTensorInfos.real.dataId),this.read(e.complexTensorInfos.imag.dataId)]),a=i[0],n=i[1];r=w.mergeRealAndImagArrays(a,n)}else{let i=await this.getBufferData(e.resource);r=g.convertBackendValuesAndArrayBuffer(i,e.dtype)}return this.convertAndCacheOnCPU(t,r),r}copyBuffer(t){let e=t.size,o=t.usage,r=this.bufferManager.acquireBuffer(e,o);return this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(t,0,r,0,e),this.submitQueue(),r}createTensorFromGPUData(t,e,o){let r=t.buffer;if(o==="complex64")throw new Error("Cannot write to a complex64 dtype. ");let i={id:this.nextDataId()};this.tensorMap.set(i,{dtype:o,shape:e,values:null,refCount:1,external:t.zeroCopy});let a=this.tensorMap.get(i),n=qe(a.dtype)*g.sizeFromShape(a.shape);if(t.buffer.size<n)throw new Error(`GPUBuffer size(${t.buffer.size}) is smaller than tensor size(${n})!`);if((t.buffer.usage&(GPUBufferUsage.STORAGE|GPUBufferUsage.COPY_SRC))!==(GPUBufferUsage.STORAGE|GPUBufferUsage.COPY_SRC))throw new Error("GPUBuffer.usage should include GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC!");return t.zeroCopy!==!0&&(r=this.copyBuffer(r)),a.resource=r,ge().makeTensorFromDataId(i,e,o,this)}readToGPU(t){let e=this.tensorMap.get(t),{values:o,dtype:r,shape:i,resource:a}=e;if(r==="complex64")throw new Error("Does not support reading buffer for complex64 dtype.");if(a==null)throw o!=null?new Error("Data is not on GPU but on CPU."):new Error("There is no data on GPU or CPU.");let n=a,u=n.size,c=n.usage,l=this.bufferManager.acquireBuffer(u,c);this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(a,0,l,0,u),this.submitQueue();let m=this.makeTensorInfo(i,r),h=ge().makeTensorFromTensorInfo(m),f=this.tensorMap.get(m.dataId);return f.resource=l,{tensorRef:h,buffer:l}}bufferSync(t){let e=this.readSync(t.dataId);if(t.dtype==="string")try{let o=e.map(r=>g.decodeString(r));return We(t.shape,t.dtype,o)}catch{throw new Error("Failed to decode encoded string bytes into utf-8")}return We(t.shape,t.dtype,e)}async time(t){!this.supportTimestampQuery&&!this.hasTimestampQueryWarned&&(console.warn("This device doesn't support timestamp-query extension. Start Chrome browser with flag --enable-dawn-features=allow_unsafe_apis to try it again. Otherwise, zero will be shown for the kernel time when profiling mode is enabled."),this.hasTimestampQueryWarned=!0);let e=this.activeTimers,o=[],r=!1;this.programTimersStack==null?(this.programTimersStack=o,r=!0):this.activeTimers.push(o),this.activeTimers=o,t();let i=g.flatten(this.activeTimers.map(c=>c.query)).filter(c=>c!=null),a=g.flatten(this.activeTimers.map(c=>c.name)).filter(c=>c!=null);this.activeTimers=e,r&&(this.programTimersStack=null);let n={uploadWaitMs:this.uploadWaitMs,downloadWaitMs:this.downloadWaitMs,kernelMs:null,wallMs:null},u=await Promise.all(i);return n.kernelMs=g.sum(u),n.getExtraProfileInfo=()=>u.map((c,l)=>({name:a[l],ms:c})).map(c=>`${c.name}: ${c.ms}`).join(", "),this.uploadWaitMs=0,this.downloadWaitMs=0,n}makeTensorInfo(t,e,o){return e==="string"&&o!=null&&o.length>0&&g.isString(o[0])&&(o=o.map(i=>g.encodeString(i))),{dataId:this.write(o,t,e),shape:t,dtype:e}}tensorToBinding(t){if(!t)return null;let o=this.tensorMap.get(t.dataId).resource;return o instanceof GPUBuffer?{buffer:o}:o instanceof GPUTexture?o.createView():o}uploadToGPU(t){let e=this.tensorMap.get(t);if(e.resource!=null)return;let o=qe(e.dtype)*g.sizeFromShape(e.shape),r,i=GPUBufferUsage.STORAGE|GPUBufferUsage.COPY_SRC|GPUBufferUsage.COPY_DST;if(e.values){if(r=this.bufferManager.acquireBuffer(o,i,!0),r.mapState==="unmapped"){let a=this.bufferManager.acquireBuffer(o,GPUBufferUsage.MAP_WRITE|GPUBufferUsage.COPY_SRC,!0,!1),n=a.getMappedRange();e.dtype==="int32"||e.dtype==="bool"?new Int32Array(n).set(e.values):new Float32Array(n).set(e.values),a.unmap(),this.ensureCommandEncoderReady(),this.endComputePassEncoder(),this.commandEncoder.copyBufferToBuffer(a,0,r,0,o),this.stagingPendingDisposal.push(a)}else{let a=r.getMappedRange();e.dtype==="int32"||e.dtype==="bool"?new Int32Array(a).set(e.values):new Float32Array(a).set(e.values),r.unmap()}e.values=null}else r=this.bufferManager.acquireBuffer(o,i);e.resource=r}makeUniforms(t){let e=0,o=0,r=[],i=1;t.forEach(u=>{u.data.length===0&&(u.data=[1]);let c;switch(u.data.length){case 1:c=4;break;case 2:c=8;break;case 3:c=16;break;case 4:c=16;break;case 5:c=16;break;case 6:c=16;break;default:g.assert(!1,()=>`Unsupported ${u.data.length}D shape`)}(o===5||o===6)&&(c=16),c>i&&(i=c),e=Math.ceil(e/c)*c,o=u.data.length,r.push(e),e+=u.data.length*4}),e=Math.ceil(e/i)*i;let a=new ArrayBuffer(e);t.forEach((u,c)=>{let l=r[c];u.type==="int32"?new Int32Array(a,l,u.data.length).set(u.data):u.type==="uint32"?new Uint32Array(a,l,u.data.length).set(u.data):new Float32Array(a,l,u.data.length).set(u.data)});let n=this.bufferManager.acquireBuffer(e,GPUBufferUsage.COPY_DST|GPUBufferUsage.UNIFORM);return this.queue.writeBuffer(n,0,a,0,e),this.uniformPendingDisposal.push(n),{offset:0,size:e,buffer:n}}runWebGPUProgram(t,e,o,r,i){if(i||(i=this.makeTensorInfo(t.outputShape,o)),g.sizeFromShape(i.shape)===0)return this.tensorMap.get(i.dataId).values=g.getTypedArrayFromDType(i.dtype,0),i;this.uploadToGPU(i.dataId),t.dispatch=Ls(this.device,t);let a=e.map((u,c)=>{if(u.dtype==="complex64")throw new Error("GPGPUProgram does not support complex64 input. For complex64 dtypes, please separate the program into real and imaginary parts.");return this.uploadToGPU(u.dataId),{dtype:this.tensorMap.get(u.dataId).dtype,shape:u.shape,name:t.variableNames[c]}});t.shaderKey=It(t,a,i);let n=D().getBool("WEBGPU_ENGINE_COMPILE_ONLY");return t.shaderKey in this.pipelineCache||(this.pipelineCache[t.shaderKey]=$t(this.device,t,a,i,n)),t.pipeline=this.pipelineCache[t.shaderKey],n||this.recordAndSubmit(t,i,e,r),i}recordAndSubmit(t,e,o,r){if(t.pipeline instanceof Promise)throw new Error("Please call checkCompileCompletionAsync to ensure parallel compilation is done!");let i=[],a=[],n="int32";if(t.pixelsOpType==null){i.push({type:"float32",data:[NaN]},{type:"float32",data:[1/0]}),a=o.concat(e).map(f=>f.shape);let h="int32";a.map(f=>{i.push({type:h,data:f});let d=g.computeStrides(f);i.push({type:h,data:d})})}else{let h=g.computeStrides(e.shape);i.push({type:n,data:h})}if(t.size){let h=g.sizeFromShape(t.outputShape);i.push({type:n,data:[t.outputComponent?h/t.outputComponent:h]})}r&&(i=[...i,...r]);let u=[this.tensorToBinding(e),...o.map(h=>this.tensorToBinding(h)),this.makeUniforms(i)];o.forEach(h=>{this.commandQueueOwnedIds.add(h.dataId)}),this.commandQueueOwnedIds.add(e.dataId);let c=this.device.createBindGroup({layout:t.pipeline.getBindGroupLayout(0),entries:u.map((h,f)=>({binding:f,resource:h}))}),l=this.activeTimers!=null;this.ensureCommandEncoderReady();let m={};l&&this.supportTimestampQuery?(this.endComputePassEncoder(),this.querySet==null&&(this.querySet=this.device.createQuerySet({type:"timestamp",count:this.querySetCount})),m.timestampWrites={querySet:this.querySet,beginningOfPassWriteIndex:0,endOfPassWriteIndex:1},this.computePassEncoder=this.commandEncoder.beginComputePass(m)):this.computePassEncoder||(this.computePassEncoder=this.commandEncoder.beginComputePass(m)),this.computePassEncoder.setPipeline(t.pipeline),this.computePassEncoder.setBindGroup(0,c),this.computePassEncoder.dispatchWorkgroups(t.dispatch[0],t.dispatch[1],t.dispatch[2]),this.dispatchCountInPass++,(l||D().get("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE")<=this.dispatchCountInPass||t.pixelsOpType===ie.DRAW)&&(this.endComputePassEncoder(),l?this.activeTimers.push({name:t.constructor.name,query:this.getQueryTime()}):this.submitQueue())}async getQueryTime(){if(!this.supportTimestampQuery)return 0;this.queryResolveBuffer==null&&(this.queryResolveBuffer=this.bufferManager.acquireBuffer(this.querySetCount*8,GPUBufferUsage.COPY_SRC|GPUBufferUsage.COPY_DST|GPUBufferUsage.QUERY_RESOLVE)),this.commandEncoder.resolveQuerySet(this.querySet,0,this.querySetCount,this.queryResolveBuffer,0);let t=this.bufferManager.acquireBuffer(this.querySetCount*8,GPUBufferUsage.MAP_READ|GPUBufferUsage.COPY_DST);this.commandEncoder.copyBufferToBuffer(this.queryResolveBuffer,0,t,0,this.querySetCount*8),this.submitQueue(),await t.mapAsync(GPUMapMode.READ);let e=new BigUint64Array(t.getMappedRange()),o=Number(e[1]-e[0])/1e6;return t.unmap(),this.bufferManager.releaseBuffer(t),o}shouldExecuteOnCPU(t,e=ks){return D().getBool("WEBGPU_CPU_FORWARD")&&t.every(o=>this.tensorMap.get(o.dataId).resource==null&&g.sizeFromShape(o.shape)<e)}numDataIds(){return this.tensorMap.numDataIds()-this.tensorDataPendingDisposal.length}dispose(){this.disposed||(this.querySet!=null&&this.querySet.destroy(),this.bufferManager.dispose(),this.textureManager.dispose(),this.disposed=!0)}};ae.nextDataId=0;var A;(function(s){s[s.ADD=0]="ADD",s[s.ATAN2=1]="ATAN2",s[s.COMPLEX_MULTIPLY_IMAG=2]="COMPLEX_MULTIPLY_IMAG",s[s.COMPLEX_MULTIPLY_REAL=3]="COMPLEX_MULTIPLY_REAL",s[s.DIV=4]="DIV",s[s.ELU_DER=5]="ELU_DER",s[s.EQUAL=6]="EQUAL",s[s.FLOOR_DIV=7]="FLOOR_DIV",s[s.GREATER=8]="GREATER",s[s.GREATER_EQUAL=9]="GREATER_EQUAL",s[s.LESS=10]="LESS",s[s.LESS_EQUAL=11]="LESS_EQUAL",s[s.LOGICAL_AND=12]="LOGICAL_AND",s[s.LOGICAL_OR=13]="LOGICAL_OR",s[s.MAX=14]="MAX",s[s.MIN=15]="MIN",s[s.MOD=16]="MOD",s[s.MUL=17]="MUL",s[s.NOT_EQUAL=18]="NOT_EQUAL",s[s.POW=19]="POW",s[s.PRELU=20]="PRELU",s[s.SQUARED_DIFFERENCE=21]="SQUARED_DIFFERENCE",s[s.SUB=22]="SUB"})(A||(A={}));var Ms="let resultTemp = a + b;",Ns="let resultTemp = atan2(a, b);",Ts="let resultTemp = areal * breal - aimag * bimag;",Us="let resultTemp = areal * bimag + aimag * breal;",Fs="let resultTemp = a / b;",zs="let resultTemp = select(a * (b + 1.0), a, b >= b - b);",Os=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a == b);
`,Ws=`
  let remainder =
      select(a % b, round(a % b), (round(a) == a) & (round(b) == b));
  let quotient = (a - remainder) / b;
  let resultTemp =
      round(select(quotient, quotient - 1, sign(remainder) == -sign(b)));
`,Gs=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a > b);
`,Vs=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a >= b);
`,Hs=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a < b);
`,qs=`
  let zero = sign(a) * 0 + 0;
  let one = sign(b) * 0 + 1;
  let resultTemp = select(zero, one, a <= b);
`,Ks="return f32(a >= 1.0 && b >= 1.0);",Qs=`return (vec4<f32>(a >= vec4<f32>(1.0)) *
  vec4<f32>(b >= vec4<f32>(1.0)));`,Xs="return f32(a >= 1.0 || b >= 1.0);",Ys=`return min(vec4<f32>(a >= vec4<f32>(1.0)) +
  vec4<f32>(b >= vec4<f32>(1.0)), vec4<f32>(1.0));`,js="let resultTemp = max(a, b);",Zs="let resultTemp = min(a, b);",Js=`
  let isNaN = b == 0.;
  var resultTemp = a % b;
  resultTemp = select((resultTemp + b) % b, resultTemp,
      (a < 0. && b < 0.) || (a >= 0. && b > 0.));
`,eo=`
  let isNaN = !vec4<bool>(b);
  var resultTemp = vec4<f32>(a % b);
  if (!((a[0] < 0. && b[0] < 0.) || (a[0] >= 0. && b[0] > 0.))) {
    resultTemp[0] = (resultTemp[0] + b[0]) % b[0];
  }
  if (!((a[1] < 0. && b[1] < 0.) || (a[1] >= 0. && b[1] > 0.))) {
    resultTemp[1] = (resultTemp[1] + b[1]) % b[1];
  }
  if (!((a[2] < 0. && b[2] < 0.) || (a[2] >= 0. && b[2] > 0.))) {
    resultTemp[2] = (resultTemp[2] + b[2]) % b[2];
  }
  if (!((a[3] < 0. && b[3] < 0.) || (a[3] >= 0. && b[3] > 0.))) {
    resultTemp[3] = (resultTemp[3] + b[3]) % b[3];
  }
`,to="let resultTemp = a * b;",so=`
  var resultTemp = f32(a != b);
  let valueForNaN = 1.0;
`,oo=`
  var resultTemp = vec4<f32>(a != b);
  let valueForNaN = 1.0;
`,ro=`
  let isNaN = a < 0.0 && floor(b) < b;
  if (b == 0.0) {
    return 1.0;
  }
  var resultTemp = select(sign(a) * pow(abs(a), b), pow(abs(a), b),
      round(abs(b) % 2.0) != 1.0);
`,io=`
  let isModRound1Bool = vec4<i32>(round(abs(b) % vec4<f32>(2.0))) == vec4<i32>(1);
  let isModRound1 = vec4<f32>(isModRound1Bool);
  let multiplier = sign(a) * isModRound1 + (vec4<f32>(1.0) - isModRound1);
  var resultTemp = multiplier * pow(abs(a), b);

  // Ensure that a^0 = 1, including 0^0 = 1 as this correspond to TF and JS
  let isExpZero = b == vec4<f32>(0.0);
  if (isExpZero.r) {
    resultTemp.r = 1.0;
  }
  if (isExpZero.g) {
    resultTemp.g = 1.0;
  }
  if (isExpZero.b) {
    resultTemp.b = 1.0;
  }
  if (isExpZero.a) {
    resultTemp.a = 1.0;
  }
  let isNaN = (a < vec4<f32>(0.0)) & (floor(b) < b);
`,ao="if (a < 0.0) { return b * a; }  return a;",no=`
  let aLessThanZero = vec4<f32>(a < vec4<f32>(0.0));
  return (aLessThanZero * (b * a)) + ((vec4<f32>(1.0) - aLessThanZero) * a);
`,uo="let resultTemp = (a - b) * (a - b);",lo="let resultTemp = a - b;";function ee(s,t){let e;do{switch(s){case A.ATAN2:e=Ns;break;case A.MAX:e=js;break;case A.MIN:e=Zs;break;case A.MOD:e=t?eo:Js;break;case A.NOT_EQUAL:e=t?oo:so;break;case A.POW:e=t?io:ro;break;default:continue}let o,r,i;return t?(o="isnanVec4",r="vec4<f32>",i="vec4<bool>"):(o="isnan",r="f32",i="bool"),`
      let aIsNaN = ${o}(a);
      let aPostLegalization = select(a, ${r}(42), aIsNaN);
      let bIsNaN = ${o}(b);
      let bPostLegalization = select(b, ${r}(42), bIsNaN);
      let isNaN = false;
      let valueForNaN = uniforms.NAN;
      {
        let a = aPostLegalization;
        let b = bPostLegalization;
        ${e}
        return select(
            resultTemp, ${r}(valueForNaN),
            ${i}(isNaN) | aIsNaN | bIsNaN);
      }
    `}while(!1);switch(s){case A.ADD:e=Ms;break;case A.COMPLEX_MULTIPLY_IMAG:e=Us;break;case A.COMPLEX_MULTIPLY_REAL:e=Ts;break;case A.DIV:e=Fs;break;case A.ELU_DER:e=zs;break;case A.EQUAL:e=Os;break;case A.FLOOR_DIV:e=Ws;break;case A.GREATER:e=Gs;break;case A.GREATER_EQUAL:e=Vs;break;case A.LESS:e=Hs;break;case A.LESS_EQUAL:e=qs;break;case A.LOGICAL_AND:return t?Qs:Ks;case A.LOGICAL_OR:return t?Ys:Xs;case A.MUL:e=to;break;case A.PRELU:return t?no:ao;case A.SQUARED_DIFFERENCE:e=uo;break;case A.SUB:e=lo;break;default:}return`
    ${e}
    return resultTemp;
  `}var ne=class{constructor(t,e,o){this.variableNames=["AReal","AImag","BReal","BImag"],this.workgroupSize=[128,1,1],this.size=!0,this.outputShape=w.assertAndGetBroadcastShape(e,o),this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.shaderKey=`binaryOpComplex_${t}`,this.op=t}getUserCode(){return`
      fn binaryOpComplex(
          areal : f32, aimag : f32, breal : f32, bimag : f32) -> f32 {
        ${ee(this.op,!1)}
      }

      ${b("index")} {
        if(index < uniforms.size) {
          let areal = getARealByOutputIndex(index);
          let aimag = getAImagByOutputIndex(index);
          let breal = getBRealByOutputIndex(index);
          let bimag = getBImagByOutputIndex(index);
          setOutputAtIndex(index, binaryOpComplex(areal, aimag, breal, bimag));
        }
      }
    `}};var ue=class{constructor(t,e,o){if(this.size=!0,this.variableNames=["A","B"],this.outputShape=w.assertAndGetBroadcastShape(e,o),this.dispatchLayout=E(this.outputShape),this.op=t,this.useSharedMemoryWithA=e.length<=1&&o.length>1&&e[0]<128,this.useSharedMemoryWithB=o.length<=1&&e.length>1&&o[0]<128,this.useSharedMemoryWithA||this.useSharedMemoryWithB)this.outputComponent=1,this.variableComponents=[1,1],this.lastDimensionSize=this.useSharedMemoryWithB?o[0]:e[0],this.shaderKey=`binary_${t}_${this.lastDimensionSize}`,this.type="shared",this.workgroupSize=[256,1,1];else{let r=e.length>0&&e[e.length-1]%4===0,i=o.length>0&&o[o.length-1]%4===0;r&&i?(this.outputComponent=4,this.variableComponents=[4,4]):r&&(g.isScalarShape(o)||o[o.length-1]===1)||i&&(g.isScalarShape(e)||e[e.length-1]===1)?(this.outputComponent=4,this.variableComponents=r?[4,1]:[1,4]):(this.outputComponent=1,this.variableComponents=[1,1]),this.type="nonshared",this.shaderKey=`binary_${t}_${this.variableComponents}`,this.workgroupSize=[128,1,1]}this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize,[this.outputComponent,1,1])}getUserCode(){let t,e=this.outputComponent===4?"vec4<f32>":"f32",o=`
    fn binaryOperation(a : ${e}, b : ${e}) -> ${e} {
      ${ee(this.op,this.outputComponent===4)}
    };
    `;if(this.type==="shared"){let r=this.lastDimensionSize>1?`coords[${this.outputShape.length-1}]`:"0",i=this.useSharedMemoryWithB?`let a = getAByOutputIndex(index);
          let b = sharedBuf[${r}];`:`let a = sharedBuf[${r}];
          let b = getBByOutputIndex(index);`;t=`
        ${o}
        var<workgroup> sharedBuf : array<f32, ${this.lastDimensionSize}>;
        ${b("index")} {
          // Fill in the shared memory buffer.
          let localIndex = i32(localId.x);
          if(localIndex < ${this.lastDimensionSize}) {
            sharedBuf[localIndex] = f32(${this.useSharedMemoryWithB?"B":"A"}[localIndex]);
          }
          workgroupBarrier();

          if(index < uniforms.size) {
            let coords = getCoordsFromIndex(index);
            ${i}
            setOutputAtIndex(index, binaryOperation(a, b));
          }
        }
        `}else t=`
       ${o}
       ${b("index")} {
         if (index < uniforms.size) {
           let coords = getCoordsFromIndex(index * ${this.outputComponent});
           let a = ${e}(getAByOutputCoords(coords));
           let b = ${e}(getBByOutputCoords(coords));
           setOutputAtIndex(index, binaryOperation(a, b));
         }
       }
       `;return t}};function V(s){let{inputs:t}=s,{x:e}=t;return s.backend.incRef(e.dataId),{dataId:e.dataId,shape:e.shape,dtype:e.dtype}}var Bt={kernelName:st,backendName:"webgpu",kernelFunc:V};function we(s){let{inputs:t,backend:e}=s,{real:o,imag:r}=t,i=e.makeTensorInfo(o.shape,"complex64"),a=e.tensorMap.get(i.dataId),n=V({inputs:{x:o},backend:e}),u=V({inputs:{x:r},backend:e});return a.complexTensorInfos={real:n,imag:u},i}var S;(function(s){s[s.ABS=0]="ABS",s[s.ACOS=1]="ACOS",s[s.ACOSH=2]="ACOSH",s[s.ASIN=3]="ASIN",s[s.ASINH=4]="ASINH",s[s.ATAN=5]="ATAN",s[s.ATANH=6]="ATANH",s[s.CEIL=7]="CEIL",s[s.COS=8]="COS",s[s.COSH=9]="COSH",s[s.ELU=10]="ELU",s[s.ERF=11]="ERF",s[s.EXP=12]="EXP",s[s.EXPM1=13]="EXPM1",s[s.FLOOR=14]="FLOOR",s[s.IS_FINITE=15]="IS_FINITE",s[s.IS_INF=16]="IS_INF",s[s.IS_NAN=17]="IS_NAN",s[s.LINEAR=18]="LINEAR",s[s.LOG=19]="LOG",s[s.LOG1P=20]="LOG1P",s[s.LOGICAL_NOT=21]="LOGICAL_NOT",s[s.NEG=22]="NEG",s[s.RELU=23]="RELU",s[s.RELU6=24]="RELU6",s[s.LEAKYRELU=25]="LEAKYRELU",s[s.RECIPROCAL=26]="RECIPROCAL",s[s.ROUND=27]="ROUND",s[s.RSQRT=28]="RSQRT",s[s.SELU=29]="SELU",s[s.SIGMOID=30]="SIGMOID",s[s.SIGN=31]="SIGN",s[s.SIN=32]="SIN",s[s.SINH=33]="SINH",s[s.SOFTPLUS=34]="SOFTPLUS",s[s.SQRT=35]="SQRT",s[s.SQUARE=36]="SQUARE",s[s.STEP=37]="STEP",s[s.TAN=38]="TAN",s[s.TANH=39]="TANH",s[s.TO_INT=40]="TO_INT"})(S||(S={}));var co="return abs(a);",ho=`
  if (abs(a) > 1.) {
    return uniforms.NAN;
  }
  return acos(a);
`,po=`
  if (a < 1.) {
    return uniforms.NAN;
  }
  return acosh(a);
`,mo=`
  if (abs(a) > 1.) {
    return uniforms.NAN;
  }
  return asin(a);
`,fo="return asinh(a);",go=`
  if (isnan(a)) {
    return uniforms.NAN;
  }
  return atan(a);
`,xo=`
  if (abs(a) > 1.) {
    return uniforms.NAN;
  }
  if (a == 1.) {
    return uniforms.INFINITY;
  }
  if (a == -1.) {
    return -uniforms.INFINITY;
  }
  return atanh(a);
`,Co="return ceil(a);",So="return cos(a);",wo=`
  let e2x = exp(-a);
  return (e2x + 1.0 / e2x) / 2.0;
`,bo="return exp(a) - 1.0;",vo="if (a >= 0.0) { return a; }  return (exp(a) - 1.0);",$o=`
  var resFloat = exp(a) - vec4<f32>(1.0);
  if (a.r >= 0.0) {
    resFloat.r = a.r;
  }
  if (a.g >= 0.0) {
    resFloat.g = a.g;
  }
  if (a.b >= 0.0) {
    resFloat.b = a.b;
  }
  if (a.a >= 0.0) {
    resFloat.a = a.a;
  }
  return resFloat;
`,Io=`
  // Error function is calculated approximately with elementary function.
  // See "Handbook of Mathematical Functions with Formulas,
  // Graphs, and Mathematical Tables", Abramowitz and Stegun.
  let p = ${w.ERF_P};
  let a1 = ${w.ERF_A1};
  let a2 = ${w.ERF_A2};
  let a3 = ${w.ERF_A3};
  let a4 = ${w.ERF_A4};
  let a5 = ${w.ERF_A5};

  let sign = sign(a);
  let absA = abs(a);
  let t = 1.0 / (1.0 + p * absA);
  return sign * (1.0 - (((((a5 * t + a4) * t) + a3) * t + a2) * t + a1) * t * exp(-absA * absA));
`,Ro="return exp(a);",Ao="return floor(a);",Po="return f32(!isnan(a) && !isinf(a));",yo="return f32(isinf(a));",Eo="return f32(isnan(a));",Bo="return a;",_o=`if (a < 0.0) { return uniforms.NAN; }
  return log(a);`,Do=`
  if (isnan(a)) { return a; }
  return log(1.0 + a);
`,ko="return f32(!(a >= 1.0));",Lo="return -a;",Mo="if (a < 0.0) { return uniforms.alpha * a; } return a;",No=`
  let aLessThanZero = vec4<f32>(a < vec4<f32>(0.0));
  return (aLessThanZero * (uniforms.alpha * a)) + ((vec4<f32>(1.0) - aLessThanZero) * a);
`,To="return 1.0 / a;",Uo="return select(a, 0.0, a < 0.0);",Fo="return clamp(a, 0.0, 6.0);",zo="return clamp(a, vec4<f32>(0.0, 0.0, 0.0, 0.0), vec4<f32>(6.0, 6.0, 6.0, 6.0));",Oo=`
  return select(a, vec4<f32>(0.0), a < vec4<f32>(0.0));
`,Wo="return round(a);",Go="return inverseSqrt(a);",Vo=`
  if (a >= 0.0) {
    return ${w.SELU_SCALE} * a;
  } else {
    return ${w.SELU_SCALEALPHA} * (exp(a) - 1.0);
  }
`,Ho="return 1.0 / (1.0 + exp(-1.0 * a));",qo="return sign(a);",Ko="return sin(a);",Qo=`
  let e2x = exp(a);
  return (e2x - 1.0 / e2x) / 2.0;
`,Xo=`
  let epsilon = 1.1920928955078125e-7;
  let threshold = log(epsilon) + 2.0;

  let too_large = a > -threshold;
  let too_small = a < threshold;
  let exp_a = exp(a);

  if (too_large) {
    return a;
  } else if (too_small) {
    return exp_a;
  } else {
    return log(exp_a + 1.0);
  }
`,Yo="return sqrt(a);",jo="return a * a;",Zo=`
  if (isnan(a)) {
    return a;
  }

  return select(uniforms.stepAlpha, 1.0, a > 0.0);
`,Jo="return tan(a);",er=`
  let e2x = exp(-2.0 * abs(a));
  return sign(a) * (1.0 - e2x) / (1.0 + e2x);
`,tr="return f32(i32((a)));";function Y(s,t){switch(s){case S.ABS:return co;case S.ACOS:return ho;case S.ACOSH:return po;case S.ASIN:return mo;case S.ASINH:return fo;case S.ATAN:return go;case S.ATANH:return xo;case S.COS:return So;case S.COSH:return wo;case S.CEIL:return Co;case S.ELU:return t?$o:vo;case S.ERF:return Io;case S.EXP:return Ro;case S.EXPM1:return bo;case S.FLOOR:return Ao;case S.IS_FINITE:return Po;case S.IS_INF:return yo;case S.IS_NAN:return Eo;case S.LINEAR:return Bo;case S.LOG:return _o;case S.LOG1P:return Do;case S.LOGICAL_NOT:return ko;case S.NEG:return Lo;case S.LEAKYRELU:return t?No:Mo;case S.RECIPROCAL:return To;case S.RELU:return t?Oo:Uo;case S.RELU6:return t?zo:Fo;case S.ROUND:return Wo;case S.RSQRT:return Go;case S.SELU:return Vo;case S.SIGMOID:return Ho;case S.SIGN:return qo;case S.SIN:return Ko;case S.SINH:return Qo;case S.SOFTPLUS:return Xo;case S.SQRT:return Yo;case S.SQUARE:return jo;case S.STEP:return Zo;case S.TAN:return Jo;case S.TANH:return er;case S.TO_INT:return tr;default:throw new Error(`BinaryType ${s} is not implemented!`)}}var be=class{constructor(t,e,o=""){this.variableNames=["A"],this.size=!0;let r=128;this.workgroupSize=[r,1,1],this.outputShape=t,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.op=e,o!==""&&(this.uniforms=o),this.shaderKey=`unary_${e}`}getUserCode(){return`
      fn unaryOperation(a : f32) -> f32 {
        ${Y(this.op,!1)}
      }
      ${b("index")} {
        if (index < uniforms.size) {
          let a = getAByOutputIndex(index);
          setOutputAtIndex(index, unaryOperation(a));
        }
      }
      `}};function _t({opType:s,cpuKernelImpl:t,dtype:e}){return({inputs:o,backend:r})=>{let{x:i}=o,a=r,n=e||i.dtype;if(a.shouldExecuteOnCPU([i])&&t!=null){let c=a.tensorMap.get(i.dataId),l=t(c.values,n);return a.makeTensorInfo(i.shape,n,l)}let u=new be(i.shape,s);return a.runWebGPUProgram(u,[i],n)}}function te({opType:s,cpuKernelImpl:t,supportsComplex:e=!1,dtype:o}){return({inputs:r,backend:i})=>{let{a,b:n}=r,u=i;if(e&&a.dtype==="complex64"){let m=u.tensorMap.get(a.dataId),h=u.tensorMap.get(n.dataId),f,d;if(s!==A.MUL)[f,d]=[[m.complexTensorInfos.real,h.complexTensorInfos.real],[m.complexTensorInfos.imag,h.complexTensorInfos.imag]].map(x=>{let[C,R]=x,$={dataId:C.dataId,dtype:C.dtype,shape:a.shape},y={dataId:R.dataId,dtype:R.dtype,shape:n.shape},P=new ue(s,a.shape,n.shape);return u.runWebGPUProgram(P,[$,y],Ve(C.dtype,R.dtype))});else{let x=new ne(A.COMPLEX_MULTIPLY_REAL,a.shape,n.shape),C=new ne(A.COMPLEX_MULTIPLY_IMAG,a.shape,n.shape),R=[{dataId:m.complexTensorInfos.real.dataId,dtype:m.complexTensorInfos.real.dtype,shape:a.shape},{dataId:m.complexTensorInfos.imag.dataId,dtype:m.complexTensorInfos.imag.dtype,shape:a.shape},{dataId:h.complexTensorInfos.real.dataId,dtype:h.complexTensorInfos.real.dtype,shape:n.shape},{dataId:h.complexTensorInfos.imag.dataId,dtype:h.complexTensorInfos.imag.dtype,shape:n.shape}];f=u.runWebGPUProgram(x,R,"float32"),d=u.runWebGPUProgram(C,R,"float32")}let p=we({inputs:{real:f,imag:d},backend:u});return u.disposeData(f.dataId),u.disposeData(d.dataId),p}let c=o||Ve(a.dtype,n.dtype);if((a.dtype==="string"||n.dtype==="string"||u.shouldExecuteOnCPU([a,n]))&&t!=null){let m=u.tensorMap.get(a.dataId).values,h=u.tensorMap.get(n.dataId).values,f=a.dtype==="string"?w.fromUint8ToStringArray(m):m,d=a.dtype==="string"?w.fromUint8ToStringArray(h):h,[p,x]=t(a.shape,n.shape,f,d,c);return u.makeTensorInfo(x,c,p)}let l=new ue(s,a.shape,n.shape);return u.runWebGPUProgram(l,[a,n],c)}}var sr=Ss(kt());var{addImpl:Lt,castImpl:Ei,ceilImpl:Bi,concatImpl:Mt,equalImpl:_i,expImpl:Di,expm1Impl:ki,floorImpl:Li,floorDivImpl:Mi,gatherNdImpl:Ni,gatherV2Impl:Ti,greaterEqualImpl:Ui,greaterImpl:Fi,lessEqualImpl:zi,lessImpl:Oi,logImpl:Wi,maxImpl:Nt,maximumImpl:Gi,minimumImpl:Vi,multiplyImpl:Tt,negImpl:Hi,notEqualImpl:qi,prodImpl:Ut,rangeImpl:Ki,rsqrtImpl:Qi,scatterImpl:Xi,simpleAbsImpl:Yi,sliceImpl:Ft,stridedSliceImpl:ji,stringNGramsImpl:Zi,subImpl:zt,tileImpl:Ji,topKImpl:ea,transposeImpl:Ot,uniqueImpl:ta}=sr;var rr=te({opType:A.ADD,cpuKernelImpl:Lt,supportsComplex:!0}),Wt={kernelName:"Add",backendName:"webgpu",kernelFunc:rr};var ve=class{constructor(t){this.variableNames=["x"],this.uniforms="strides : vec2<i32>,",this.workgroupSize=[256,1,1],this.size=!0,this.outputShape=t.outShape,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.shaderKey="poolWithFilterSizeEqualsOne"}getUserCode(){return`
      ${b("index")} {
        if (index < uniforms.size) {
          let coords = getCoordsFromIndex(index);
          let batch = coords[0];
          let d = coords[3];

          let xRCCorner = coords.yz * uniforms.strides;
          let xRCorner = xRCCorner.x;
          let xCCorner = xRCCorner.y;

          let value = getX(batch, xRCorner, xCCorner, d);
          setOutputAtIndex(index, value);
        }
      }
    `}};var le=class{constructor(t,e,o=!1,r=!1,i=!1){if(this.variableNames=["x"],this.uniforms="strides : vec2<i32>, pads : vec2<i32>, dilations : vec2<i32>, convDims : vec2<i32>, filterDims : vec2<i32>,",this.workgroupSize=[128,1,1],this.size=!0,e==="avg"&&o)throw new Error("Cannot compute positions for average pool.");this.outputShape=t.outShape,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.poolType=e,this.computePositions=o,this.flattenPositions=r,this.includeBatchIndex=i,this.shaderKey=`pool2D_${e}_${o}_${r}_${i}`}getUserCode(){let t;this.poolType==="avg"?t="resultValue = resultValue + value; count = count + 1.0;":this.computePositions?t=`let currMaxValue = mix(value, maxValue, maxValueFound);
      if (value >= currMaxValue) {
        maxValue = value;
        maxValueFound = 1.0;
        maxPosition = ${this.flattenPositions?this.includeBatchIndex?"((batch * uniforms.xShape[1] + xR) * uniforms.xShape[2] + xC) * uniforms.xShape[3] + d":"(xR * uniforms.xShape[2] + xC) * uniforms.xShape[3] + d":"wR * uniforms.filterDims.y + wC"};
      }`:t="resultValue = max(value, resultValue);";let e="resultValue";return this.poolType==="avg"&&(e="resultValue / max(count, 1.0)"),`
      ${b("index")} {
      if (index < uniforms.size) {
        let coords = getCoordsFromIndex(index);
          let batch = coords[0];
          let d = coords[3];
          let xRCCorner = vec2<i32>(coords.yz) * uniforms.strides - uniforms.pads;
          let xRCorner = xRCCorner.x;
          let xCCorner = xRCCorner.y;

          ${this.computePositions?`var maxValue = 0.0;
            var maxValueFound = 0.0;
            var maxPosition = 0;`:`var resultValue = ${this.poolType==="avg"?"0.0":"-1.0 / pow(10.0, -20.0)"};`}

          var count = 0.0;
          for (var wR = 0; wR < uniforms.filterDims.x; wR = wR + uniforms.dilations.x) {
            let xR = xRCorner + wR;

            if (xR < 0 || xR >= uniforms.convDims.x) {
              continue;
            }

            for (var wC = 0; wC < uniforms.filterDims.y; wC = wC + uniforms.dilations.y) {
              let xC = xCCorner + wC;
              if (xC < 0 || xC >= uniforms.convDims.y) {
                continue;
              }

              let value = getX(batch, xR, xC, d);
              ${t}
            }
          }

          ${this.computePositions?"setOutputAtIndexI32(index, maxPosition);":`setOutputAtIndex(index, ${e});`}
        }
      }
    `}};function B(s){let{inputs:t,attrs:e}=s,{x:o}=t,{shape:r}=e,i=g.sizeFromShape(o.shape),a=g.inferFromImplicitShape(r,i),n=g.sizeFromShape(a);return g.assert(i===n,()=>`The new shape (${a}) has ${n} elements and the old shape (${o.shape}) has ${i} elements. The new shape and old shape must have the same number of elements.`),s.backend.incRef(o.dataId),{dataId:o.dataId,shape:a,dtype:o.dtype}}var Gt={kernelName:it,backendName:"webgpu",kernelFunc:B};var $e=class{constructor(t,e){this.variableNames=["A"],this.workgroupSize=[16,16,1];let o=new Array(t.length);for(let r=0;r<o.length;r++)o[r]=t[e[r]];this.outputShape=o,this.dispatchLayout={x:[0],y:[1]},this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize,[1,1,1]),this.shaderKey="transposeShared"}getUserCode(){g.assert(this.workgroupSize[0]===this.workgroupSize[1],()=>`Must be a square tile, current tile shape is ${this.workgroupSize[0]} x ${this.workgroupSize[1]}`);let t=this.workgroupSize[0];return`
      var<workgroup> tile : array<array<f32, ${this.workgroupSize[0]+1}>, ${this.workgroupSize[0]}>;
      ${b()} {
        var x = i32(workgroupId.x) * ${t} + i32(localId.x);
        var y = i32(workgroupId.y) * ${t} + i32(localId.y);
        let width = uniforms.outShape[0];
        let height = uniforms.outShape[1];
        if (x < width && y < height) {
          tile[localId.y][localId.x] = f32(A[y * width + x]);
        }
        workgroupBarrier();

        x = i32(workgroupId.y) * ${t} + i32(localId.x);
        y = i32(workgroupId.x) * ${t} + i32(localId.y);
        if (x < height && y < width) {
          setOutputAtIndex((y * height + x), tile[localId.x]
            [localId.y]);
        }
      }
    `}};var Ie=class{constructor(t,e){this.variableNames=["A"],this.workPerThread=1,this.workgroupSize=[64,1,1],this.size=!0;let o=new Array(t.length);for(let r=0;r<o.length;r++)o[r]=t[e[r]];this.outputShape=o,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize,[this.workPerThread,1,1]),this.newDim=e,this.shaderKey=`transpose_${e}`}getUserCode(){let t=U(this.outputShape.length),e=ir(this.newDim);return`
      ${b("index")} {
        for(var i = 0; i < ${this.workPerThread}; i = i + 1) {
          let flatIndex = index * ${this.workPerThread} + i;
          if(flatIndex < uniforms.size) {
            let coords = getCoordsFromIndex(flatIndex);
            setOutputAtIndex(flatIndex, A[getIndexFromCoords${this.outputShape.length}D(
              ${t}(${e}), uniforms.aShape)]);
          }
        }
      }
    `}};function ir(s){let t=s.length;if(t>6)throw Error(`Transpose for rank ${t} is not yet supported`);let e=new Array(t);for(let o=0;o<s.length;o++)e[s[o]]=`coords.${X(o)}`;return e.join()}function Vt(s){let{inputs:t,backend:e,attrs:o}=s,{x:r}=t,{perm:i}=o,a=e,n=r.shape.length,u=new Array(n);for(let l=0;l<u.length;l++)u[l]=r.shape[i[l]];if(e.shouldExecuteOnCPU([r])){let m=a.tensorMap.get(r.dataId).values,h=Ot(m,r.shape,r.dtype,i,u);return e.makeTensorInfo(u,r.dtype,h)}if(r.shape.length===2&&g.arraysEqual(i,[1,0])){let l=new $e(r.shape,i);return a.runWebGPUProgram(l,[r],r.dtype)}let c=new Ie(r.shape,i);return a.runWebGPUProgram(c,[r],r.dtype)}var Re=class{constructor(t,e,o){this.variableNames=["x"],this.uniforms="reduceSize : i32,",this.size=!0,this.inputShape=[t.batchSize,t.inSize];let[r]=w.computeOutAndReduceShapes(this.inputShape,[1]);this.outputShape=r.length===0?[1]:r,t.inSize>=32768&&o>=512?this.workgroupSize=[512,1,1]:t.inSize>=4096?this.workgroupSize=[256,1,1]:this.workgroupSize=[64,1,1],this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,[1,1,1]),this.reduceType=e,this.shaderKey=`reduce_${e}`}getUserCode(){let t="",e="0.0",o=this.workgroupSize[0];this.reduceType==="min"||this.reduceType==="max"?(t=`
         if (isnan(candidate)) {
          bestValue = uniforms.NAN;
         } else if (!isnan(bestValue) && candidate ${this.reduceType==="min"?"<":">"} bestValue)
           {  bestValue = candidate; }`,e="f32(x[offset])"):this.reduceType==="sum"||this.reduceType==="mean"?t=" bestValue = bestValue + candidate; ":this.reduceType==="prod"?(t=" bestValue = bestValue * candidate; ",e="1.0"):this.reduceType==="all"?(t=" bestValue = f32(bestValue >= 1.0 && candidate >= 1.0); ",e="1.0"):this.reduceType==="any"&&(t=" bestValue = f32(bestValue >= 1.0 || candidate >= 1.0); ",e="0.0");let r=this.reduceType==="mean"?"setOutputAtIndex(outputIndex, bestValue / f32(uniforms.reduceSize));":"setOutputAtIndex(outputIndex, bestValue);";return`
       fn DIV_CEIL(a : u32, b : u32) -> u32 {
        return ((a - 1u) / b + 1u);
       }

       ${`
         var<workgroup> xBestValues : array<f32, ${o}>;
       `}
       fn getOffset(outputIndex : i32) -> i32 {
         let outputCoords = getCoordsFromIndex(outputIndex);
         let offset = ${this.outputShape.length===1?"outputCoords":"outputCoords[0]"} * uniforms.reduceSize;
          return offset;
       }
       ${b("index")} {
         let outputIndex = index / ${o};
         let offset = getOffset(outputIndex);
         var bestValue = ${e};
         let Length = uniforms.reduceSize;
         let WorkPerThread = DIV_CEIL(u32(Length), ${o}u);
         for (var k = i32(localId.x); k < Length && outputIndex < uniforms.size;
             k = k + ${o}) {
           let candidate = f32(x[offset + k]);
           ${t}
         }
         xBestValues[localId.x] = bestValue;
         workgroupBarrier();

         var reduceSize = min(u32(Length), ${o}u);
         for (var currentSize = reduceSize / 2u; reduceSize > 1u;
             currentSize = reduceSize / 2u) {
           let interval = DIV_CEIL(reduceSize, 2u);
           if (localId.x < currentSize) {
            let candidate = xBestValues[localId.x + interval];
            ${t}
            xBestValues[localId.x] = bestValue;
           }
           reduceSize = interval;
           workgroupBarrier();
         }

         if (localId.x == 0u && outputIndex < uniforms.size) {
          ${r}
        }
       }
     `}};var ar={mean:"float32",all:"bool",any:"bool"};function Ae(s,t,e,o,r){let i=s.shape.length,a=[],n=g.parseAxisParam(t,s.shape),u=n,c=w.getAxesPermutation(u,i),l=s;c!=null&&(l=Vt({inputs:{x:s},attrs:{perm:c},backend:r}),u=w.getInnerMostAxes(u.length,i),a.push(l)),w.assertAxesAreInnerMostDims(o,u,i);let[m,h]=w.computeOutAndReduceShapes(l.shape,u),f=m;e&&(f=w.expandShapeToKeepDim(m,n));let d;if((o==="max"||o==="prod")&&r.shouldExecuteOnCPU([l])){let p=r.tensorMap.get(l.dataId).values;switch(o){case"max":let x=Nt(p,g.sizeFromShape(h),f,s.dtype);d=r.makeTensorInfo(f,s.dtype,x);break;case"prod":let{outVals:C,outShape:R,outDtype:$}=Ut(l.shape,l.dtype,p,u);d=r.makeTensorInfo(R,$,C);break;default:throw new Error(`${o} CPU implementation is not yet supported.`)}}else{let p=g.sizeFromShape(h),C=g.sizeFromShape(l.shape)/p,R={windowSize:p,inSize:p,batchSize:C,outSize:1},$=ar[o]||mt(s.dtype),y=[{type:"int32",data:[p]}],P=new Re(R,o,r.device.limits.maxComputeWorkgroupSizeX),k=r.runWebGPUProgram(P,[l],$,y);a.push(k),d=B({inputs:{x:k},attrs:{shape:f},backend:r})}return a.forEach(p=>r.disposeData(p.dataId)),d}function Ht(s){let{inputs:t,backend:e,attrs:o}=s,{x:r}=t,{reductionIndices:i,keepDims:a}=o;return Ae(r,i,a,"max",e)}function qt(s){let{inputs:t,backend:e,attrs:o}=s,{x:r}=t,{keepDims:i,axis:a}=o;return Ae(r,a,i,"mean",e)}function Kt(s,t,e,o){if(t.filterWidth===1&&t.filterHeight===1&&g.arraysEqual(t.inShape,t.outShape))return V({inputs:{x:s},backend:o});if(t.filterWidth===t.inWidth&&t.filterHeight===t.inHeight&&t.batchSize===1&&t.padInfo.type==="VALID"){let a=s.shape.length,n=B({inputs:{x:s},backend:o,attrs:{shape:[s.shape[a-3]*s.shape[a-2],s.shape[a-1]]}}),u;e==="avg"?u=qt({inputs:{x:n},backend:o,attrs:{axis:0,keepDims:!1}}):(g.assert(e==="max",()=>`Invalid pool type ${e}`),u=Ht({inputs:{x:n},backend:o,attrs:{reductionIndices:0,keepDims:!1}}));let c=B({inputs:{x:u},backend:o,attrs:{shape:t.outShape}});return o.disposeData(n.dataId),o.disposeData(u.dataId),c}let r,i=[{type:"int32",data:[t.strideHeight,t.strideWidth]}];return t.filterHeight===1&&t.filterWidth===1?r=new ve(t):(e==="avg"?r=new le(t,"avg"):(g.assert(e==="max",()=>`Invalid pool type ${e}`),r=new le(t,"max")),i.push({type:"int32",data:[t.padInfo.top,t.padInfo.left]},{type:"int32",data:[t.dilationHeight,t.dilationWidth]},{type:"int32",data:[t.inHeight,t.inWidth]},{type:"int32",data:[t.effectiveFilterHeight,t.effectiveFilterWidth]})),o.runWebGPUProgram(r,[s],s.dtype,i)}function nr(s){let{inputs:t,backend:e,attrs:o}=s,{x:r}=t,{filterSize:i,strides:a,pad:n,dimRoundingMode:u}=o,l=w.computePool2DInfo(r.shape,i,a,1,n,u);return Kt(r,l,"avg",e)}var Qt={kernelName:Je,backendName:"webgpu",kernelFunc:nr};var Pe=class{constructor(t){this.uniforms="",this.workPerThread=1,this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=w.computeOutShape(t,1),this.variableNames=t.map((e,o)=>`T${o}`),this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize,[this.workPerThread,1,1]),this.offsetLength=t.length-1;for(let e=0;e<this.offsetLength;e++)this.uniforms+=`offset${e} : i32,`;this.shaderKey="concat"}getUserCode(){let t=[];if(this.offsetLength>0){t.push("if (yC < uniforms.offset0){ setOutputAtCoords(coords.x, coords.y, getT0(yR, yC)); }");for(let i=1;i<this.offsetLength;i++)t.push(`else if (yC < uniforms.offset${[i]}){ setOutputAtCoords(coords.x, coords.y, getT${i}(yR, yC - uniforms.offset${i-1})); }`);let o=this.offsetLength,r=this.offsetLength-1;t.push(`else { setOutputAtCoords(coords.x, coords.y, getT${o}(yR, yC - uniforms.offset${r})); }`)}else t.push("setOutputAtCoords(coords.x, coords.y, getT0(yR, yC));");return`
      ${b("index")} {
        for(var i = 0; i < ${this.workPerThread}; i = i + 1) {
          let flatIndex = index * ${this.workPerThread} + i;
          if(flatIndex < uniforms.size) {
            let coords = getCoordsFromIndex(flatIndex);
            let yR = coords.x;
            let yC = coords.y;

            ${t.join(`
        `)}
          }
        }
      }
    `}};function Xt(s){let{inputs:t,backend:e}=s,{input:o}=t,r=e.tensorMap.get(o.dataId);return V({inputs:{x:r.complexTensorInfos.imag},backend:e})}function Yt(s){let{inputs:t,backend:e}=s,{input:o}=t,r=e.tensorMap.get(o.dataId);return V({inputs:{x:r.complexTensorInfos.real},backend:e})}function se(s,t,e){let o=s[0].dtype;if(o==="complex64"){let d=s.map($=>Yt({inputs:{input:$},backend:e})),p=s.map($=>Xt({inputs:{input:$},backend:e})),x=se(d,t,e),C=se(p,t,e),R=we({inputs:{real:x,imag:C},backend:e});return d.forEach($=>e.disposeData($.dataId)),p.forEach($=>e.disposeData($.dataId)),e.disposeData(x.dataId),e.disposeData(C.dataId),R}let r=e.shouldExecuteOnCPU(s);if(o==="string"&&(r=!0),r){let d=s.map(P=>{let z=[-1,g.sizeFromShape(P.shape.slice(t))];return B({inputs:{x:P},backend:e,attrs:{shape:z}})}),p=d.map(P=>({vals:e.readSync(P.dataId),shape:P.shape})),x=w.computeOutShape(d.map(P=>P.shape),1),C=d[0].shape[0]===1,R=Mt(p,x,o,C),$=w.computeOutShape(s.map(P=>P.shape),t),y=e.makeTensorInfo($,o,R);return d.forEach(P=>e.disposeData(P.dataId)),y}let i=e.device.limits.maxStorageBuffersPerShaderStage-1;if(s.length>i){let d=[];for(let x=0;x<s.length;x+=i){let C=s.slice(x,x+i);d.push(se(C,t,e))}let p=se(d,t,e);for(let x of d)e.disposeData(x.dataId);return p}let{tensors2D:a,outShape:n}=ur(s,t,e),u=a.map(d=>d.shape),c=new Pe(u),l=[],m=new Array(u.length-1);if(m.length>0){m[0]=u[0][1],l.push({type:"int32",data:[m[0]]});for(let d=1;d<m.length;d++)m[d]=m[d-1]+u[d][1],l.push({type:"int32",data:[m[d]]})}let h=e.runWebGPUProgram(c,a,a[0].dtype,l);a.forEach(d=>e.disposeData(d.dataId));let f=B({inputs:{x:h},backend:e,attrs:{shape:n}});return e.disposeData(h.dataId),f}function ur(s,t,e){let o=w.computeOutShape(s.map(i=>i.shape),t);return{tensors2D:s.map(i=>B({inputs:{x:i},backend:e,attrs:{shape:[g.sizeFromShape(i.shape.slice(0,t)),g.sizeFromShape(i.shape.slice(t))]}})),outShape:o}}function lr(s){let{inputs:t,backend:e,attrs:o}=s,{axis:r}=o,i=g.parseAxisParam(r,t[0].shape)[0],a=t.map(c=>c.shape);w.assertParamsConsistent(a,i);let n=w.computeOutShape(t.map(c=>c.shape),i);if(g.sizeFromShape(n)===0)return e.makeTensorInfo(n,t[0].dtype,[]);let u=t.filter(c=>g.sizeFromShape(c.shape)>0);return u.length===1?V({inputs:{x:u[0]},backend:e}):se(u,i,e)}var jt={kernelName:et,backendName:"webgpu",kernelFunc:lr};var ye=class{constructor(t,e){this.variableNames=["x"],this.workgroupSize=[64,1,1],this.size=!0,this.uniforms="blockSize : i32,",this.outputShape=t,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.shaderKey=`depthToSpace_${e}`,this.dataFormat=e}getUserCode(){return`
      ${b("index")} {
        if (index < uniforms.size) {
          let coords = getCoordsFromIndex(index);
          let b = coords[0];
          let h = ${this.getHeightCoordString()};
          let w = ${this.getWidthCoordString()};
          let d = ${this.getDepthCoordString()};

          let in_h = h / uniforms.blockSize;
          let offset_h = h % uniforms.blockSize;
          let in_w = w / uniforms.blockSize;
          let offset_w = w % uniforms.blockSize;
          let offset_d = (offset_h * uniforms.blockSize + offset_w) *
            ${this.getOutputDepthSize()};
          let in_d = d + offset_d;

          let rlt = ${this.getInputSamplingString()};
          setOutputAtIndex(index, rlt);
        }
      }`}getHeightCoordString(){return this.dataFormat==="NHWC"?"coords[1]":"coords[2]"}getWidthCoordString(){return this.dataFormat==="NHWC"?"coords[2]":"coords[3]"}getDepthCoordString(){return this.dataFormat==="NHWC"?"coords[3]":"coords[1]"}getOutputDepthSize(){return this.dataFormat==="NHWC"?"uniforms.outShape[3]":"uniforms.outShape[1]"}getInputSamplingString(){return this.dataFormat==="NHWC"?"getX(b, in_h, in_w, in_d)":"getX(b, in_d, in_h, in_w)"}};function cr(s){let{inputs:t,backend:e,attrs:o}=s,{x:r}=t,{blockSize:i,dataFormat:a}=o,n=r.shape[0],u=a==="NHWC"?r.shape[1]:r.shape[2],c=a==="NHWC"?r.shape[2]:r.shape[3],l=a==="NHWC"?r.shape[3]:r.shape[1],m=u*i,h=c*i,f=l/(i*i),d=a==="NHWC"?[n,m,h,f]:[n,f,m,h],p=[{type:"int32",data:[i]}],x=new ye(d,a);return e.runWebGPUProgram(x,[r],r.dtype,p)}var Zt={kernelName:tt,backendName:"webgpu",kernelFunc:cr};function F(s,t=!1,e=!1,o=3){if(s===null)return"";let r="";if(s==="linear")r=Y(S.LINEAR);else if(s==="relu")r=Y(S.RELU,e);else if(s==="elu")r=Y(S.ELU,e);else if(s==="relu6")r=Y(S.RELU6,e);else if(s==="prelu")r=ee(A.PRELU,e);else if(s==="sigmoid")r=Y(S.SIGMOID,e);else if(s==="leakyrelu")r=Y(S.LEAKYRELU,e);else throw new Error(`Activation ${s} has not been implemented for the WebGPU backend.`);let a=I(e?4:1),n="";return t?n=`
      fn activation(a : ${a}, coords : vec${o}<i32>) -> ${a} {
        let b = getPreluActivationWeightsByOutputCoords(coords);
        ${r}
      }`:n=`
      fn activation(a : ${a}, coords : vec${o}<i32>) -> ${a} {
        ${r}
      }`,n}function H(s,t){return`
      ${s?"value = value + getBiasByOutputCoords(coords);":""}
      ${t?"value = activation(value, coords);":""}
      `}function Ke(s,t,e=!1,o=!1,r=!1,i=1){g.assert(s&&i===1||!s,()=>`transposeA ${s} is not compatible with component size ${i}`);let a=`
      ${s?"value = getA(batch, col, row);":"value = getA(batch, row, col);"}

    `,n=t?"value = getB(batch, col, row);":"value = getB(batch, row, col);";return`
  fn mm_readA(batch: i32, row: i32, col: i32) -> ${I(i)} {
    var value = ${I(i)}(0.0);
    ${e&&r?a:`
    ${s?"if(row < uniforms.dimAOuter && col < uniforms.dimInner)":"if(row < uniforms.aShape[1] && col < uniforms.aShape[2])"}
    {
      ${a}
    }
    `}
    return value;
  }

  fn mm_readB(batch: i32, row: i32, col: i32) -> ${I(i)} {
    var value = ${I(i)}(0.0);
    ${n}
    return value;
  }
  `}function ce(s,t,e,o,r=!1,i=!1,a=!1,n=1){return`
  ${Ke(e,o,r,i,a,n)}
  fn mm_write(batch: i32, row: i32, col: i32, valueIn: ${I(n)}) {
    ${r&&i?"":"if (row < uniforms.dimAOuter && col < uniforms.dimBOuter)"}
    {
      var value = valueIn;
      let coords = vec3<i32>(batch, row, col);
      ${H(s,t)}
      setOutputAtCoords(coords[0], coords[1], coords[2], value);
    }
  }
  `}var hr=(s,t)=>s?`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          kStart + inputRow,
          globalRowStart + inputCol * ${t});
        `:`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          globalRow + innerRow,
          kStart + inputCol * ${t});
        `,pr=(s,t,e,o)=>{if(s)return`
      for (var k = 0; k < ${o}; k++) {
        let BCached0 = mm_Bsub[k][tileCol];
        let ACached0 = mm_Asub[k][localRow];
        for (var i = 0; i < ${e}; i++) {
          acc[i] = fma(BCached0, vec4<f32>(ACached0[i]), acc[i]);
        }
      }`;{let r="",i="";for(let a=0;a<t;a++)r+=`let BCached${a} = mm_Bsub[k * ${t} + ${a}][tileCol];`,i+=`acc[i] = fma(BCached${a}, vec4<f32>(ACached[${a}]), acc[i]);`;return`
      for (var k = 0; k < ${o/t}; k++) {
        ${r}
        for (var i = 0; i < ${e}; i++) {
          let ACached = mm_Asub[tileRow + i][k];
          ${i}
        }
      }`}};function he(s,t,e=!1,o=32,r=!1,i=32,a=!1){let n=t[1]*s[1],u=t[0]*s[0],c=e?n:o,l=e?o:n,m=c/t[0],h=o/t[1],f=s[1],d=s[0];return g.assert((e&&m===4&&s[1]===4||!e&&(m===3||m===4))&&c%t[0]===0&&o%t[1]===0&&s[0]===4,()=>`If transposeA ${e} is true, innerElementSize ${m} and workPerThread[1] ${s[1]} must be 4.
          Otherwise, innerElementSize ${m} must be 3 or 4.
      tileAWidth ${c} must be divisible by workgroupSize[0]${t[0]}. tileInner ${o} must be divisible by workgroupSize[1] ${t[1]}. colPerThread ${s[0]} must be 4.`),`
  var<workgroup> mm_Asub : array<array<vec${m}<f32>, ${c/m}>, ${l}>;
  var<workgroup> mm_Bsub : array<array<vec4<f32>, ${u/s[0]}>, ${o}>;

  ${b()} {
    let localRow = i32(localId.y);
    let tileRow = localRow * ${f};
    let tileCol = i32(localId.x);

    let globalRow = i32(globalId.y) * ${f};
    let globalCol = i32(globalId.x) * ${d};
    let batch = ${r?"0":"i32(globalId.z)"};
    let batchA = ${r||!a?"batch":"batch % uniforms.aShape[0]"};
    let batchB = ${r||!a?"batch":"batch % uniforms.bShape[0]"};
    let globalRowStart = i32(workgroupId.y) * ${n};

    let numTiles = ${r?`${Math.ceil(i/o)}`:`(uniforms.dimInner - 1) / ${o} + 1`};
    var kStart = ${r?`i32(globalId.z) * ${i}`:"0"};

    var acc: array<vec4<f32>, ${f}>;

    // Loop over shared dimension.
    let tileRowB = localRow * ${h};
    for (var t = 0; t < numTiles; t++) {
        // Load one tile of A into local memory.
        for (var innerRow = 0; innerRow < ${f}; innerRow++) {
            let inputRow = tileRow + innerRow;
            let inputCol = tileCol;
            ${hr(e,m)}
        }

        // Load one tile of B into local memory.
        for (var innerRow = 0; innerRow < ${h}; innerRow++) {
            let inputRow = tileRowB + innerRow;
            let inputCol = tileCol;
            mm_Bsub[inputRow][inputCol] = mm_readB(batchB, kStart + inputRow, globalCol);
        }
        kStart = kStart + ${o};
        workgroupBarrier();

        // Compute acc values for a single thread.
        ${pr(e,m,f,o)}
        workgroupBarrier();
    }

    for (var innerRow = 0; innerRow < ${f}; innerRow++) {
        mm_write(batch, globalRow + innerRow, globalCol, acc[innerRow]);
    }
  }`}var Jt=s=>s?`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          kStart + inputRow,
          globalRowStart + inputCol);
        `:`
        mm_Asub[inputRow][inputCol] = mm_readA(batchA,
          globalRowStart + inputRow,
          kStart + inputCol);
        `,dr=s=>s?"let ACached = mm_Asub[k][tileRow + innerRow];":"let ACached = mm_Asub[tileRow + innerRow][k];";function pe(s,t,e=!1,o=32,r=!1,i=32,a=!1,n=!1){let u=s[1]*t[1],c=s[0]*t[0],l=e?u:o,m=e?o:u;g.assert(m%t[1]===0&&l%t[0]===0&&o%t[1]===0,()=>`tileAHight ${m} must be divisible by workgroupSize[1]${t[1]}, tileAWidth ${l} must be divisible by workgroupSize[0]${t[0]}, tileInner ${o} must be divisible by workgroupSize[1]${t[1]}`);let h=m/t[1],f=l/t[0],d=o/t[1],p=s[1],x=s[0],C=a?`
      let localRow = i32(localId.y);
      let localCol = i32(localId.x);
      let globalRowStart = i32(workgroupId.y) * ${u};
      let globalColStart = i32(workgroupId.x) * ${c};

      // Loop over shared dimension.
      for (var t = 0; t < numTiles; t++) {
        // Load one tile of A into local memory.
        for (var inputRow = localRow; inputRow < ${m}; inputRow = inputRow + ${t[1]}) {
          for (var inputCol = localCol; inputCol < ${l}; inputCol = inputCol + ${t[0]}) {
            ${Jt(e)}
          }
        }
        // Load one tile of B into local memory.
        for (var inputRow = localRow; inputRow < ${o}; inputRow = inputRow + ${t[1]}) {
              for (var inputCol = localCol; inputCol < ${c}; inputCol = inputCol + ${t[0]}) {
            mm_Bsub[inputRow][inputCol] = mm_readB(batchB,
              kStart + inputRow,
              globalColStart + inputCol);
          }
        }
        kStart = kStart + ${o};
        workgroupBarrier();

        // Compute acc values for a single thread.
        var BCached : array<f32, ${x}>;
        for (var k = 0; k < ${o}; k++) {
          for (var inner = 0; inner < ${x}; inner++) {
            BCached[inner] = mm_Bsub[k][localCol + inner * ${t[0]}];
          }
          for (var innerRow = 0; innerRow < ${p}; innerRow++) {
            let ACached = ${e?`mm_Asub[k][localRow + innerRow * ${t[1]}];`:`mm_Asub[localRow + innerRow * ${t[1]}][k];`}
            for (var innerCol = 0; innerCol < ${x}; innerCol++) {
              acc[innerRow][innerCol] =
                  fma(ACached, BCached[innerCol], acc[innerRow][innerCol]);
            }
          }
        }
        workgroupBarrier();
      }
      for (var innerRow = 0; innerRow < ${p}; innerRow++) {
        let gRow = globalRowStart + localRow + innerRow * ${t[1]};
        for (var innerCol = 0; innerCol < ${x}; innerCol++) {
          let gCol = globalColStart + localCol + innerCol * ${t[0]};
          mm_write(batch, gRow, gCol, acc[innerRow][innerCol]);
        }
      }
      `:`
  let tileRow = i32(localId.y) * ${p};
  let tileCol = i32(localId.x) * ${x};

  let globalRow = i32(globalId.y) * ${p};
  let globalCol = i32(globalId.x) * ${x};
  let globalRowStart = i32(workgroupId.y) * ${u};

  let tileRowA = i32(localId.y) * ${h};
  let tileColA = i32(localId.x) * ${f};
  let tileRowB = i32(localId.y) * ${d};
  // Loop over shared dimension.
  for (var t = 0; t < numTiles; t++) {
    // Load one tile of A into local memory.
    for (var innerRow = 0; innerRow < ${h}; innerRow++) {
      for (var innerCol = 0; innerCol < ${f}; innerCol++) {
        let inputRow = tileRowA + innerRow;
        let inputCol = tileColA + innerCol;
        ${Jt(e)}
      }
    }

    // Load one tile of B into local memory.
    for (var innerRow = 0; innerRow < ${d}; innerRow++) {
      for (var innerCol = 0; innerCol < ${x}; innerCol++) {
        let inputRow = tileRowB + innerRow;
        let inputCol = tileCol + innerCol;
        mm_Bsub[inputRow][inputCol] = mm_readB(batchB,
          kStart + inputRow,
          globalCol + innerCol);
      }
    }
    kStart = kStart + ${o};
    workgroupBarrier();

    // Compute acc values for a single thread.
    var BCached : array<f32, ${x}>;
    for (var k = 0; k < ${o}; k++) {
      for (var inner = 0; inner < ${x}; inner++) {
        BCached[inner] = mm_Bsub[k][tileCol + inner];
      }

      for (var innerRow = 0; innerRow < ${p}; innerRow++) {
        ${dr(e)}
        for (var innerCol = 0; innerCol < ${x}; innerCol++) {
          acc[innerRow][innerCol] =
              fma(ACached, BCached[innerCol], acc[innerRow][innerCol]);
        }
      }
    }

    workgroupBarrier();
  }

  for (var innerRow = 0; innerRow < ${p}; innerRow++) {
    for (var innerCol = 0; innerCol < ${x}; innerCol++) {
      mm_write(batch, globalRow + innerRow, globalCol + innerCol,
          acc[innerRow][innerCol]);
    }
  }
  `;return`
    var<workgroup> mm_Asub : array<array<f32, ${l}>, ${m}>;
    var<workgroup> mm_Bsub : array<array<f32, ${c}>, ${o}>;

    ${b()} {
      let batch = ${r?"0":"i32(globalId.z)"};
      let batchA = ${r||!n?"batch":"batch % uniforms.aShape[0]"};
      let batchB = ${r||!n?"batch":"batch % uniforms.bShape[0]"};
      let numTiles = ${r?`${Math.ceil(i/o)}`:`(uniforms.dimInner - 1) / ${o} + 1`};
      var kStart = ${r?`i32(globalId.z) * ${i}`:"0"};

      var acc : array<array<f32, ${x}>, ${p}>;

      // Without this initialization strange values show up in acc.
      for (var innerRow = 0; innerRow < ${p}; innerRow++) {
        for (var innerCol = 0; innerCol < ${x}; innerCol++) {
          acc[innerRow][innerCol] = 0.0;
        }
      }
      ${C}
    }
  `}var mr=s=>s?`
      mm_readA(batchA, colA, globalRow),
      mm_readA(batchA, colA + 1, globalRow),
      mm_readA(batchA, colA + 2, globalRow),
      mm_readA(batchA, colA + 3, globalRow)
  `:`
      mm_readA(batchA, globalRow, colA),
      mm_readA(batchA, globalRow, colA + 1),
      mm_readA(batchA, globalRow, colA + 2),
      mm_readA(batchA, globalRow, colA + 3)
  `;function fr(s,t=!1){g.assert(s[1]===1&&s[2]===1,()=>`A linear work group size is required. But got ${s}.`);let e=s[0]*4;return`
    var<workgroup> mm_Asub : array<vec4<f32>, ${s[0]}>;

    ${b()} {
      let tileCol = i32(localId.x);
      let globalCol = i32(globalId.x);
      let globalRow = i32(globalId.y);

      let numTiles = (uniforms.dimInner - 1) / ${e} + 1;
      let batch = i32(globalId.z);
      let batchA = batch % uniforms.aShape[0];
      let batchB = batch % uniforms.bShape[0];
      // Without this initialization strange values show up in acc.
      var acc = 0.0;

      // Loop over shared dimension.
      for (var t = 0; t < numTiles; t++) {
        // Load one tile of A into local memory.
        let colA = t * ${e} + tileCol * 4;
        mm_Asub[tileCol] = vec4<f32>(${mr(t)});
        workgroupBarrier();

        // Compute acc values for a single thread.
        for (var k = 0; k < ${e/4}; k++) {
          let rowB = t * ${e} + k * 4;
          let BCached = vec4<f32>(mm_readB(batchB, rowB, globalCol),
                              mm_readB(batchB, rowB + 1, globalCol),
                              mm_readB(batchB, rowB + 2, globalCol),
                              mm_readB(batchB, rowB + 3, globalCol));

          let ACached = mm_Asub[k];
          acc = acc + dot(ACached, BCached);
        }

        workgroupBarrier();
      }

      mm_write(batch, globalRow, globalCol, acc);
    }
  `}var Ee=class{constructor(t,e,o=!1,r=!1,i=null,a=null,n=null,u=!1){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.outputShape=e,this.dispatchLayout={x:[2],y:[1],z:[0]};let c=o?t[1]:t[2];if(this.isVec4=(c%4===0&&!o||e[1]%4===0&&o)&&e[2]%4===0&&!r,this.outputComponent=this.isVec4?4:1,this.isVectorA=e[1]===1&&!o,!this.isVec4&&this.isVectorA)this.elementsPerThread=[1,1,1],this.workgroupSize=[32,1,1];else{let h=At(e[1],c,e[2],o);this.workgroupSize=h.workgroupSize,this.elementsPerThread=h.elementsPerThread}this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize,this.elementsPerThread);let l=i!=null,m=n!=null;l&&this.variableNames.push("bias"),m&&this.variableNames.push("preluActivationWeights"),this.sequentialAccessByThreads=u,this.transposeA=o,this.transposeB=r,this.addBias=l,this.activation=a,this.hasPreluActivationWeights=m,[this.fitAOuter,this.fitBOuter,this.fitInner]=this.getShapeFit(e[1],e[2],c),this.shaderKey=`matMulPacked_${this.elementsPerThread}_${o}_${r}_${this.activation}_${this.fitAOuter}_${this.fitBOuter}_${this.fitInner}_${this.isVec4}_${this.isVectorA}_${this.sequentialAccessByThreads}`}getShapeFit(t,e,o){let r=this.workgroupSize[1]*this.elementsPerThread[1],i=this.workgroupSize[0]*this.elementsPerThread[0];!this.isVec4&&this.isVectorA?this.tileInner=this.workgroupSize[0]*4:this.tileInner=i;let a=t%r===0,n=e%i===0,u=o%this.tileInner===0;return[a,n,u]}getUserCode(){return`
      ${F(this.activation,this.hasPreluActivationWeights,this.isVec4)}
      ${ce(this.addBias,this.activation,!1,this.transposeB,this.fitAOuter,this.fitBOuter,this.fitInner,this.isVec4?4:1)}
      ${this.isVec4?he(this.elementsPerThread,this.workgroupSize,this.transposeA,this.tileInner,!1,null,!0):this.isVectorA?fr(this.workgroupSize,this.transposeA):pe(this.elementsPerThread,this.workgroupSize,this.transposeA,this.tileInner,!1,null,this.sequentialAccessByThreads,!0)}
    `}};function gr(s,t,e,o,r=!1,i=null,a=!1,n=4,u=4,c=4){let l=_=>{switch(_){case 1:return"resData = f32(x[xIndex]);";case 3:return"resData = vec3<f32>(x[xIndex], x[xIndex + 1], x[xIndex + 2]);";case 4:return"resData = vec4<f32>(x[xIndex / 4]);";default:throw new Error(`innerElementSize ${_} is not supported.`)}},m=_=>{switch(_){case 1:return"return f32(W[row * uniforms.wShape[3] + col]);";case 4:return"return vec4<f32>(W[(row * uniforms.wShape[3] + col) / 4]);";default:throw new Error(`innerElementSize ${_} is not supported.`)}},h=s?`
      let coord = vec4<i32>(batch, xRow, xCol, xCh);
      `:`
      let coord = vec4<i32>(batch, xCh, xRow, xCol);
      `,f=s?`
      let coords = vec4<i32>(
        batch,
        row / outWidth,
        row % outWidth,
        col);
      `:`
      let coords = vec4<i32>(
        batch,
        row,
        col / outWidth,
        col % outWidth);
      `,d=s?"uniforms.xShape[1]":"uniforms.xShape[2]",p=s?"uniforms.xShape[2]":"uniforms.xShape[3]",x=s?"row":"col",C=s?"col":"row",R=`
      let inChannels = uniforms.wShape[2];
      let outWidth = ${s?"uniforms.outShape[2]":"uniforms.outShape[3]"};
      let outRow = ${x} / outWidth;
      let outCol = ${x} % outWidth;

      let WRow = ${C} / (uniforms.filterDims[1] * inChannels);
      let WCol = ${C} / inChannels % uniforms.filterDims[1];
      let xRow = outRow * uniforms.strides[0] + uniforms.dilations[0] * WRow - uniforms.pads[0];
      let xCol = outCol * uniforms.strides[1] + uniforms.dilations[1] * WCol - uniforms.pads[1];
      let xCh = ${C} % inChannels;
      var resData = ${I(n)}(0.0);
      // The bounds checking is always needed since we use it to pad zero for
      // the 'same' padding type.
      if (xRow >= 0 && xRow < ${d} && xCol >= 0 && xCol < ${p}) {
        ${h}
        let xIndex = getIndexFromCoords4D(coord, uniforms.xShape);
        ${l(n)}
      }
      return resData;`,$=s?t&&o?`
      ${R}`:`
      if (row < uniforms.dimAOuter && col < uniforms.dimInner) {
        ${R}
      }
      return ${I(n)}(0.0);`:o&&e?`
      ${R}`:`
      if (row < uniforms.dimInner && col < uniforms.dimBOuter) {
        ${R}
      }
      return ${I(n)}(0.0);`,y=`${m(u)}`,P=I(c),k=s?I(n):I(u),z=s?I(u):I(n);return`
      ${F(i,a,c===4,4)}
      fn mm_readA(batch: i32, row : i32, col : i32) -> ${k} {
        ${s?$:y}
      }

      fn mm_readB(batch: i32, row : i32, col : i32) -> ${z} {
        ${s?y:$}
      }

      fn mm_write(batch: i32, row : i32, col : i32, valueIn : ${P}) {
        if (row < uniforms.dimAOuter && col < uniforms.dimBOuter)
        {
        var value = valueIn;
        let outWidth = ${s?"uniforms.outShape[2]":"uniforms.outShape[3]"};
        ${f}
        ${H(r,i)}
        setOutputAtCoords(coords[0], coords[1], coords[2], coords[3], value);
        }
      }`}var Be=class{constructor(t,e,o,r,i=!1,a=null,n=!1,u=!1){this.variableNames=["x","W"],this.uniforms="filterDims : vec2<i32>, pads : vec2<i32>, strides : vec2<i32>, dilations : vec2<i32>, dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.outputShape=t.outShape,this.isChannelsLast=t.dataFormat==="channelsLast",this.isVec4=((t.inChannels%4===0||t.inChannels%3===0)&&this.isChannelsLast||t.outWidth%4===0&&!this.isChannelsLast)&&t.outChannels%4===0,this.dispatchLayout=this.isChannelsLast?{x:[3],y:[1,2],z:[0]}:{x:[2,3],y:[1],z:[0]},this.workgroupSize=Pt(this.dispatchLayout,this.outputShape,this.isVec4),this.elementsPerThread=yt(this.dispatchLayout,this.outputShape,this.isVec4),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize,this.elementsPerThread),this.isVec4?(this.outputComponent=4,this.isChannelsLast&&t.inChannels%4!==0?(this.innerElementSize=3,this.variableComponents=[1,4]):(this.innerElementSize=4,this.variableComponents=[4,4]),i&&(this.variableNames.push("bias"),this.variableComponents.push(4)),n&&(this.variableNames.push("preluActivationWeights"),this.variableComponents.push(4))):(this.innerElementSize=this.elementsPerThread[0],i&&this.variableNames.push("bias"),n&&this.variableNames.push("preluActivationWeights")),this.sequentialAccessByThreads=u,this.addBias=i,this.activation=a,this.hasPreluActivationWeights=n,this.tileAOuter=this.workgroupSize[1]*this.elementsPerThread[1],this.tileBOuter=this.workgroupSize[0]*this.elementsPerThread[0],this.tileInner=Math.max(this.workgroupSize[0]*this.innerElementSize,this.workgroupSize[1]),this.fitAOuter=e%this.tileAOuter===0,this.fitBOuter=o%this.tileBOuter===0,this.fitInner=r%this.tileInner===0,this.shaderKey=`conv2DMM_${this.elementsPerThread}_${this.activation}}_${this.fitAOuter}_${this.fitBOuter}_${this.fitInner}_${this.isVec4}_${this.innerElementSize}_${this.isChannelsLast}_${this.sequentialAccessByThreads}`}getUserCode(){let t=this.isVec4?he(this.elementsPerThread,this.workgroupSize,!this.isChannelsLast,this.tileInner):pe(this.elementsPerThread,this.workgroupSize,!this.isChannelsLast,this.tileInner,!1,null,this.sequentialAccessByThreads),e=this.isVec4?[this.innerElementSize,4,4]:[1,1,1];return`
    ${gr(this.isChannelsLast,this.fitAOuter,this.fitBOuter,this.fitInner,this.addBias,this.activation,this.hasPreluActivationWeights,e[0],e[1],e[2])}
    ${t}
  `}};var _e=class{constructor(t,e=!1,o=null,r=!1){this.variableNames=["x","W"],this.uniforms="filterDims: vec2<i32>, pads: vec2<i32>, strides: vec2<i32>, dilations: vec2<i32>,",this.workgroupSize=[4,4,8],this.outputShape=t.outShape,this.isChannelsLast=t.dataFormat==="channelsLast",this.dispatchLayout=this.isChannelsLast?{x:[2],y:[1],z:[0,3]}:{x:[3],y:[2],z:[0,1]},this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.addBias=e,this.activation=o,this.hasPreluActivationWeights=r,e&&this.variableNames.push("bias"),r&&this.variableNames.push("preluActivationWeights"),this.shaderKey=`conv2dnaive_${this.activation}_${this.isChannelsLast}`}getUserCode(){return`
       ${F(this.activation,this.hasPreluActivationWeights,!1,4)}
       fn readInp(batch : i32, row : i32, col : i32, chan : i32) -> f32{
         let coords = vec4<i32>(batch, row, col, chan);
         if (coordsInBounds4D(coords, uniforms.xShape)) {
           return  getX(batch, row, col, chan);
         } else {
          return 0.0;
         }
       }
       fn readFilt(row : i32, col : i32, xChannel : i32, outChannel : i32) -> f32{
         let coords = vec4<i32>(row, col, xChannel, outChannel);
         if(coordsInBounds4D(coords, uniforms.wShape)) {
           return getW(row, col, xChannel, outChannel);
          } else {
            return 0.0;
          }
       }
       fn writeResult(batch : i32, row : i32, col : i32, chan : i32, valueIn : f32) {
         let coords = ${this.isChannelsLast?"vec4<i32>(batch, row, col, chan);":"vec4<i32>(batch, chan, row, col);"}
         if (coordsInBounds4D(coords, uniforms.outShape)) {
           var value = valueIn;
           ${H(this.addBias,this.activation)}
           setOutputAtCoords(coords.x, coords.y, coords.z, coords.w, value);
         }
       }
       ${b("index")} {
         let coords = getOutputCoords();
         let batch = coords[0];
         let outChannel = ${this.isChannelsLast?"coords[3];":"coords[1];"}
         let outRow = ${this.isChannelsLast?"coords[1];":"coords[2];"}
         let outCol = ${this.isChannelsLast?"coords[2];":"coords[3];"}
         var acc : f32 = 0.0;
         for (var row = 0; row < uniforms.filterDims[0]; row = row + 1) {
           for (var col = 0; col < uniforms.filterDims[1]; col = col + 1) {
             let xRow = outRow * uniforms.strides[0] + uniforms.dilations[0] * row - uniforms.pads[0];
             let xCol = outCol * uniforms.strides[1] + uniforms.dilations[1] * col - uniforms.pads[1];
             for (var xChannel = 0; xChannel < ${this.isChannelsLast?"uniforms.xShape[3];":"uniforms.xShape[1];"} xChannel = xChannel + 1) {
               ${this.isChannelsLast?"let v = readInp(batch, xRow, xCol, xChannel);":"let v = readInp(batch, xChannel, xRow, xCol);"}
               let f = readFilt(row, col, xChannel, outChannel);
               acc = acc + v * f;
             }
           }
         }
         writeResult(batch, outRow, outCol, outChannel, acc);
       }
     `}};var De=class{constructor(t,e){this.variableNames=["x"],this.uniforms=`pads : vec2<i32>, strides : vec2<i32>, dilations : vec2<i32>, outWidth : i32, itemsPerBlockRow : i32,
       inChannels : i32,`,this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=t,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.isChannelsLast=e,this.shaderKey=`im2col_${this.isChannelsLast}`}getUserCode(){let t=this.isChannelsLast?1:2,e=this.isChannelsLast?2:3,o=this.isChannelsLast?"coords[1]":"coords[2]",r=this.isChannelsLast?"coords[2]":"coords[1]",i=this.isChannelsLast?"getX(batch, xRow, xCol, ch)":"getX(batch, ch, xRow, xCol)";return`
    ${b("index")} {
      let coords = getCoordsFromIndex(index);
      if(index < uniforms.size) {
        let batch = coords[0];
        let row = ${o};
        let col = ${r};
        let offsetY = (row / uniforms.outWidth) * uniforms.strides[0] - uniforms.pads[0];
        let xRow = offsetY + uniforms.dilations[0] * (col / uniforms.itemsPerBlockRow);
        var value = 0.0;
        if(xRow < uniforms.xShape[${t}] && xRow >= 0) {
          let offsetX = (row % uniforms.outWidth) * uniforms.strides[1] -
              uniforms.pads[1];
          let xCol = offsetX + uniforms.dilations[1] * ((col %
              uniforms.itemsPerBlockRow) / uniforms.inChannels);
          let ch = col % uniforms.inChannels;
          if(xCol < uniforms.xShape[${e}] && xCol >= 0) {
            value = ${i};
          }
        }
        setOutputAtIndex(index, value);
      }
    }
   `}};function xr(s){return`
    var<workgroup> sumValues : array<f32, ${s}>;
    ${b()} {
      let coords = getOutputCoords();
      let batch = coords[0];
      let batchA = batch % uniforms.aShape[0];
      let batchB = batch % uniforms.bShape[0];
      let row = coords[1];
      let col = coords[2];
      var sum = 0.0;
      let Length = uniforms.dimInner;
      for (var k = i32(localId.x); k < Length; k = k + ${s}) {
        let dataA = mm_readA(batchA, row, k);
        let dataB = mm_readB(batchB, k, col);
        sum = sum + dataA * dataB;
      }
      sumValues[localId.x] = sum;
      workgroupBarrier();

      for(var currentSize = ${s/2}u; currentSize > 1u;
          currentSize = currentSize / 2u) {
        if (localId.x < currentSize)
        {
          sumValues[localId.x] = sumValues[localId.x] + sumValues[localId.x + currentSize];
        }
        workgroupBarrier();
      }

      if (localId.x == 0u) {
        sum = sumValues[0] + sumValues[1];
        mm_write(batch, row, col, sum);
      }
    }
  `}var ke=class{constructor(t,e=!1,o=!1,r=null,i=null,a=null){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.workgroupSize=[256,1,1],this.outputShape=t,this.dispatchLayout={x:[],y:[1,2],z:[0]},this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize);let n=r!=null,u=a!=null;n&&this.variableNames.push("bias"),u&&this.variableNames.push("preluActivationWeights"),this.transposeA=e,this.transposeB=o,this.addBias=n,this.activation=i,this.hasPreluActivationWeights=u,this.shaderKey=`matMulReduce_${this.activation}_${e}_${o}`}getUserCode(){return`
      ${F(this.activation,this.hasPreluActivationWeights)}
      ${ce(this.addBias,this.activation,this.transposeA,this.transposeB)}
      ${xr(this.workgroupSize[0])}
    `}};function Cr(s){let t=s[1],e=s[0],o=t>e?t:e;return`
  var<workgroup> mm_Asub : array<array<f32, ${o}>, ${t}>;
  var<workgroup> mm_Bsub : array<array<f32, ${e}>, ${o}>;

  // If the output size is small for matrix multiplication, avoid to use vec4
  // and handle some elements per thread to optimally utilize the ALU.
  // Read data from global memory to registers firstly, then store them into
  // shared memory, so it is instruction-Level parallelism for arithmetic
  // operations and others handle IO operations between barrier api, makes ALU
  // and load/store units work simultaneously, could improves the performance.
  ${b()} {
    let tileRow = i32(localId.y);
    let tileCol = i32(localId.x);
    let globalRow = i32(globalId.y);
    let globalCol = i32(globalId.x);
    let batch = i32(globalId.z);
    let batchA = batch % uniforms.aShape[0];
    let batchB = batch % uniforms.bShape[0];

    // uniforms.dimInner should be greater than 0.
    let numTiles = (uniforms.dimInner - 1) / ${o} + 1;
    var acc = 0.0;

    var globalColA = tileCol;
    var globalRowB = 0;
    var regA = mm_readA(batchA, globalRow, globalColA);
    var regB0 = mm_readB(batchB, globalRowB + 2 * tileRow, globalCol);
    var regB1 = mm_readB(batchB, globalRowB + 2 * tileRow + 1, globalCol);
    globalColA = globalColA + ${o};
    globalRowB = globalRowB + ${o};

    for (var t = 0; t < numTiles; t = t + 1) {
      mm_Asub[tileRow][tileCol] = regA;
      mm_Bsub[2 * tileRow][tileCol] = regB0;
      mm_Bsub[2 * tileRow + 1][tileCol] = regB1;

      workgroupBarrier();

      regA = mm_readA(batchA, globalRow, globalColA);
      regB0 = mm_readB(batchB, globalRowB + 2 * tileRow, globalCol);
      regB1 = mm_readB(batchB, globalRowB + 2 * tileRow + 1, globalCol);
      globalColA = globalColA + ${o};
      globalRowB = globalRowB + ${o};

      for (var k = 0; k < ${o}; k = k + 1) {
        acc = acc + mm_Asub[tileRow][k] * mm_Bsub[k][tileCol];
      }
      workgroupBarrier();
    }

    mm_write(batch, globalRow, globalCol, acc);
  }
  `}var Le=class{constructor(t,e,o,r=!1,i=!1,a=null,n=null,u=null){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.workgroupSize=[16,8,1],this.outputShape=o,this.dispatchLayout={x:[2],y:[1],z:[0]},this.dispatch=[Math.ceil(o[2]/this.workgroupSize[0]),Math.ceil(o[1]/this.workgroupSize[1]),o[0]];let c=a!=null;c&&this.variableNames.push("bias");let l=u!=null;l&&this.variableNames.push("preluActivationWeights"),this.transposeA=r,this.transposeB=i,this.addBias=c,this.activation=n,this.hasPreluActivationWeights=l,this.shaderKey=`matMulSmallOutputSize_${this.activation}_${r}_${i}`}getUserCode(){return`
      ${F(this.activation,this.hasPreluActivationWeights)}
      ${ce(this.addBias,this.activation,this.transposeA,this.transposeB)}
      ${Cr(this.workgroupSize)}
    `}};var Me=class{constructor(t,e,o=!1,r=!1){this.variableNames=["A","B"],this.uniforms="dimAOuter : i32, dimBOuter : i32, dimInner : i32,",this.workgroupSize=[8,8,1],this.atomic=!0,this.splitedDimInner=128,g.assert(t[0]===1,()=>"MatMulSplitKProgram only supports batch = 1."),this.outputShape=t,this.dispatchLayout={x:[2],y:[1],z:[0,3]};let i=(o&&this.outputShape[1]%4===0||!o&&e%4===0)&&this.outputShape[2]%4===0;this.elementsPerThread=[4,4,this.splitedDimInner],this.outputComponent=i?4:1,i||(this.outputShape[1]<16&&(this.elementsPerThread[1]=1),this.outputShape[2]<16&&(this.elementsPerThread[0]=1)),this.dispatch=v(this.dispatchLayout,[this.outputShape[0],this.outputShape[1],this.outputShape[2],e],this.workgroupSize,this.elementsPerThread),this.transposeA=o,this.transposeB=r,this.shaderKey=`matMulSplitK_${o}_${r}_${this.elementsPerThread}_${this.outputComponent}`}getUserCode(){let t=this.outputComponent;return`
      ${Ke(!1,this.transposeB,!1,!1,!1,t)}
      fn mm_write(batch: i32, row : i32, col : i32, value : ${I(t)}) {
        if (row < uniforms.dimAOuter && col < uniforms.dimBOuter) {
          let coords = vec3<i32>(batch, row, col);
          let flatIndex = getOutputIndexFromCoords(coords);
          // The problem is that we should initialize output to zero before using.
          // Otherwise, the original value will be added to the result.
          for (var i = 0; i < ${t}; i = i + 1) {
            ${St("&result[flatIndex + i]",`${t>1?"value[i]":"value"}`,"float32")}
          }
        }
      }
      ${t===4?he(this.elementsPerThread,this.workgroupSize,this.transposeA,32,!0,this.splitedDimInner):pe(this.elementsPerThread,this.workgroupSize,this.transposeA,32,!0,this.splitedDimInner)}
    `}},Ne=class{constructor(t,e=null,o=null,r=null){this.uniforms="",this.variableNames=["x"],this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=t,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.addBias=e!=null,this.hasPreluActivationWeights=r!=null,this.activation=o,this.addBias&&this.variableNames.push("bias"),this.hasPreluActivationWeights&&this.variableNames.push("preluActivationWeights"),this.shaderKey=`biasActivation_${o}`}getUserCode(){return`
    ${F(this.activation,this.hasPreluActivationWeights)}
    ${b("index")} {
      if (index < uniforms.size) {
        let coords = getCoordsFromIndex(index);
        var value = getXByOutputIndex(index);
        ${H(this.addBias,this.activation)}
        setOutputAtIndex(index, value);
      }
    }
    `}};var Te=class{constructor(t){this.variableNames=[],this.outputShape=[],this.uniforms="value : f32,",this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=t,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.shaderKey="fill"}getUserCode(){return`
    ${b("index")} {
      if (index < uniforms.size) {
        setOutputAtIndex(index, uniforms.value);
      }
    }
  `}};function es(s){let{backend:t,attrs:e}=s,{shape:o,value:r}=e,{dtype:i}=e;if(i=i||g.inferDtype(r),i==="string"){let a=g.getArrayFromDType(i,g.sizeFromShape(o));return a.fill(r),t.makeTensorInfo(o,i,a)}else{let a=new Te(o),n=[{type:"float32",data:[r]}];return t.runWebGPUProgram(a,[],i,n)}}function Qe({a:s,b:t,transposeA:e,transposeB:o,backend:r,bias:i=null,preluActivationWeights:a=null,leakyreluAlpha:n=0,activation:u=null}){let c=s.shape.length,l=t.shape.length,m=e?s.shape[c-2]:s.shape[c-1],h=o?t.shape[l-1]:t.shape[l-2],f=e?s.shape[c-1]:s.shape[c-2],d=o?t.shape[l-2]:t.shape[l-1],p=s.shape.slice(0,-2),x=t.shape.slice(0,-2),C=g.sizeFromShape(p),R=g.sizeFromShape(x),y=ht.assertAndGetBroadcastShape(s.shape.slice(0,-2),t.shape.slice(0,-2)).concat([f,d]);g.assert(m===h,()=>`Error in matMul: inner shapes (${m}) and (${h}) of Tensors with shapes ${s.shape} and ${t.shape} and transposeA=${e} and transposeB=${o} must match.`);let P=e?[C,m,f]:[C,f,m],k=o?[R,d,h]:[R,h,d],z=B({inputs:{x:s},backend:r,attrs:{shape:P}}),T=B({inputs:{x:t},backend:r,attrs:{shape:k}}),_=[z,T],O=Math.max(C,R),G=[z,T],Q=[{type:"int32",data:[f]},{type:"int32",data:[d]},{type:"int32",data:[m]}],K,L,M=[O,f,d],N=D().get("WEBGPU_MATMUL_PROGRAM_TYPE");if(N<0){let Z=D().getNumber("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL"),oe=Z>0?Z:r.thresholdToIncreaseWorkgroups,re=O*Math.ceil(f/32)*Math.ceil(d/32);re<=oe||f<=8&&re<=oe*2?O*f*d<=128?N=q.MatMulReduceProgram:O===1&&h>=2e3?N=q.MatMulSplitKProgram:N=q.MatMulSmallOutputSizeProgram:N=q.MatMulPackedProgram}switch(N){case q.MatMulReduceProgram:K=new ke(M,e,o,i,u,a);break;case q.MatMulSplitKProgram:{if(L=es({backend:r,attrs:{shape:M,value:0,dtype:s.dtype}}),K=new Me(M,h,e,o),i||u){L=r.runWebGPUProgram(K,G,s.dtype,Q,L);let oe=new Ne(L.shape,i,u,a),re=null,me=[L];i&&me.push(i),a&&me.push(a),u==="leakyrelu"&&(re=[{type:"float32",data:[n]}],oe.uniforms+=" alpha : f32,");let je=r.runWebGPUProgram(oe,me,L.dtype,re);_.push(L);let cs=B({inputs:{x:je},backend:r,attrs:{shape:y}});_.push(je);for(let hs of _)r.disposeData(hs.dataId);return cs}break}case q.MatMulSmallOutputSizeProgram:K=new Le(P,k,M,e,o,i,u,a);break;case q.MatMulPackedProgram:let Z=r.adapterInfo.isIntel();K=new Ee(P,M,e,o,i,u,a,Z);break;default:throw new Error(`Unsupported MatMulProgramType ${N}.`)}i&&G.push(i),a&&G.push(a),u==="leakyrelu"&&(Q.push({type:"float32",data:[n]}),K.uniforms+=" alpha : f32,"),L=r.runWebGPUProgram(K,G,s.dtype,Q,L);let ls=B({inputs:{x:L},backend:r,attrs:{shape:y}});_.push(L);for(let Z of _)r.disposeData(Z.dataId);return ls}function Ue(s,t){let e=s.length;return e>=3?t?[...s.slice(0,-3),s[e-3]*s[e-2],s[e-1]]:[...s.slice(0,-3),s[e-3],s[e-2]*s[e-1]]:!t&&e===1&&s[0]>1?[s[0],1]:null}function Sr({x:s,filter:t,convInfo:e,backend:o,bias:r=null,preluActivationWeights:i=null,leakyreluAlpha:a=0,activation:n=null}){let u=e.dataFormat==="channelsLast",c=!u,l=!1,m=u&&e.filterHeight===e.inHeight&&e.filterWidth===e.inWidth&&e.padInfo.type==="VALID",h=[],f,d;if(m){let C=e.inHeight*e.inWidth*e.inChannels;f=B({inputs:{x:s},backend:o,attrs:{shape:[1,e.batchSize,C]}}),d=B({inputs:{x:t},backend:o,attrs:{shape:[1,C,e.outChannels]}})}else f=B({inputs:{x:s},backend:o,attrs:{shape:u?[e.batchSize,e.inHeight*e.inWidth,e.inChannels]:[e.batchSize,e.inChannels,e.inHeight*e.inWidth]}}),d=B({inputs:{x:t},backend:o,attrs:{shape:[1,e.inChannels,e.outChannels]}});if(h.push(f),h.push(d),i!=null){let C=Ue(i.shape,u);C!=null&&(i=B({inputs:{x:i},backend:o,attrs:{shape:C}}),h.push(i))}if(r!=null){let C=Ue(r.shape,u);C!=null&&(r=B({inputs:{x:r},backend:o,attrs:{shape:C}}),h.push(r))}let p=Qe({a:u?f:d,b:u?d:f,transposeA:c,transposeB:l,backend:o,bias:r,activation:n,preluActivationWeights:i,leakyreluAlpha:a}),x=B({inputs:{x:p},backend:o,attrs:{shape:e.outShape}});h.push(p);for(let C of h)o.disposeData(C.dataId);return x}function wr({x:s,filter:t,convInfo:e,backend:o,bias:r=null,preluActivationWeights:i=null,leakyreluAlpha:a=0,activation:n=null}){let{filterWidth:u,filterHeight:c,inChannels:l,strideWidth:m,strideHeight:h,padInfo:f,outWidth:d,outHeight:p,dilationWidth:x,dilationHeight:C,dataFormat:R}=e,$=R==="channelsLast",y=u*c*l,P=p*d,k=$?[e.batchSize,P,y]:[e.batchSize,y,P],z=new De(k,$),T=[{type:"int32",data:[f.top,f.left]},{type:"int32",data:[h,m]},{type:"int32",data:[C,x]},{type:"int32",data:[d]},{type:"int32",data:[l*u]},{type:"int32",data:[l]}],_=o.runWebGPUProgram(z,[s],s.dtype,T),O=[];O.push(_);let G=B({inputs:{x:t},backend:o,attrs:{shape:[1,y,-1]}});if(O.push(G),i!=null){let N=Ue(i.shape,$);N!=null&&(i=B({inputs:{x:i},backend:o,attrs:{shape:N}}),O.push(i))}if(r!=null){let N=Ue(r.shape,$);N!=null&&(r=B({inputs:{x:r},backend:o,attrs:{shape:N}}),O.push(r))}let L=Qe({a:$?_:G,b:$?G:_,transposeA:!$,transposeB:!1,backend:o,bias:r,activation:n,preluActivationWeights:i,leakyreluAlpha:a}),M=B({inputs:{x:L},backend:o,attrs:{shape:e.outShape}});O.push(L);for(let N of O)o.disposeData(N.dataId);return M}function ts({x:s,filter:t,convInfo:e,backend:o,bias:r=null,preluActivationWeights:i=null,leakyreluAlpha:a=0,activation:n=null}){let u=r!=null,c=i!=null,l=e.dataFormat==="channelsLast",m=l&&e.filterHeight===e.inHeight&&e.filterWidth===e.inWidth&&e.padInfo.type==="VALID",h=D().getBool("WEBGPU_USE_NAIVE_CONV2D_DEBUG");if(!h&&(m||e.filterHeight===1&&e.filterWidth===1&&e.dilationHeight===1&&e.dilationWidth===1&&e.strideHeight===1&&e.strideWidth===1&&(e.padInfo.type==="SAME"||e.padInfo.type==="VALID")))return Sr({x:s,filter:t,convInfo:e,backend:o,bias:r,activation:n,preluActivationWeights:i,leakyreluAlpha:a});let f=D().getNumber("WEBGPU_THRESHOLD_TO_INCREASE_WORKGROUPS_FOR_MATMUL"),d=f>-1?f:o.thresholdToIncreaseWorkgroups,p=e.batchSize*Math.ceil(e.outHeight*e.outWidth/32)*Math.ceil(e.outChannels/32);if(D().getBool("WEBGPU_CONV_SEPARATE_IM2COL_SHADER")||p<=d)return wr({x:s,filter:t,convInfo:e,backend:o,bias:r,preluActivationWeights:i,leakyreluAlpha:a,activation:n});let x,C=[e.padInfo.top,e.padInfo.left],R=[{type:"int32",data:[e.filterHeight,e.filterWidth]},{type:"int32",data:[...C]},{type:"int32",data:[e.strideHeight,e.strideWidth]},{type:"int32",data:[e.dilationHeight,e.dilationWidth]}];if(h)x=new _e(e,u,n,c);else{let k=l?e.outHeight*e.outWidth:e.outChannels,z=l?e.outChannels:e.outHeight*e.outWidth,T=e.filterHeight*e.filterWidth*e.inChannels;R.push({type:"int32",data:[k]},{type:"int32",data:[z]},{type:"int32",data:[T]});let _=o.adapterInfo.isIntel();x=new Be(e,k,z,T,u,n,c,_)}let $=[],y=[s,t];u&&(!l&&r.shape.length===1&&(r=B({inputs:{x:r},backend:o,attrs:{shape:[r.shape[0],1,1]}}),$.push(r)),y.push(r)),c&&(!l&&i.shape.length===1&&(i=B({inputs:{x:i},backend:o,attrs:{shape:[i.shape[0],1,1]}}),$.push(i)),y.push(i)),n==="leakyrelu"&&(R.push({type:"float32",data:[a]}),x.uniforms+=" alpha : f32,");let P=o.runWebGPUProgram(x,y,s.dtype,R);for(let k of $)o.disposeData(k.dataId);return P}function br(s){let{inputs:t,backend:e,attrs:o}=s,{x:r,filter:i,bias:a,preluActivationWeights:n}=t,{strides:u,pad:c,dataFormat:l,dilations:m,dimRoundingMode:h,activation:f,leakyreluAlpha:d}=o,p=w.convertConv2DDataFormat(l),x=w.computeConv2DInfo(r.shape,i.shape,u,m,c,h,!1,p);return ts({x:r,filter:i,convInfo:x,backend:e,bias:a,preluActivationWeights:n,leakyreluAlpha:d,activation:f})}var ss={kernelName:nt,backendName:"webgpu",kernelFunc:br};var Fe=class{constructor(t,e=!1,o=null,r=!1){this.variableNames=["x","W"],this.uniforms="pads : vec2<i32>, inDims : vec2<i32>, virtualWidth : i32,",this.workgroupSize=[64,1,1],this.workPerThread=4,this.outputComponent=4,this.outputShape=t.outShape,this.virtualWidth=Math.ceil(this.outputShape[2]/this.workPerThread)*this.workPerThread;let i=[this.outputShape[0],this.outputShape[1],this.virtualWidth,this.outputShape[3]];this.dispatchLayout=E(i),this.dispatch=v(this.dispatchLayout,i,this.workgroupSize,[this.outputComponent*this.workPerThread,1,1]),g.assert(t.dataFormat==="channelsLast",()=>"TODO: NCHW is unimplemented"),e&&this.variableNames.push("bias"),r&&this.variableNames.push("preluActivationWeights"),this.convInfo=t,this.addBias=e,this.activation=o,this.hasPreluActivation=r,this.shaderKey=`depthwiseVec4_${o}_${this.convInfo.filterHeight}_${this.convInfo.filterWidth}_${this.convInfo.strideHeight}_${this.convInfo.strideWidth}_${this.workPerThread}`}getUserCode(){let t=(this.workPerThread-1)*this.convInfo.strideWidth+this.convInfo.filterWidth,e=this.convInfo.strideHeight,o=this.convInfo.strideWidth;return`
      ${F(this.activation,this.hasPreluActivation,!0,4)}
      fn readX(batch : i32, row : i32, col : i32, channel : i32) -> vec4<f32> {
        var value = vec4<f32>(0.0);
        if (col >=0 && col < uniforms.inDims[1]) {
          value = getX(batch, row, col, channel);
        }
        return value;
      }

      ${b("index")} {
        let width0 = uniforms.outShape[3] / ${this.outputComponent};
        let d1 = (index % width0) * ${this.outputComponent};
        var index1 = index / width0;
        let width1 = uniforms.virtualWidth / ${this.workPerThread};
        let c = (index1 % width1) * ${this.workPerThread};
        index1 = index1 / width1;
        let r = index1 % uniforms.outShape[1];
        let batch = index1 / uniforms.outShape[1];

        let xRCCorner = vec2<i32>(r, c) * vec2<i32>(${e}, ${o}) - uniforms.pads;

        let xRCorner = xRCCorner.x;
        let xCCorner = xRCCorner.y;
        var xVals : array<vec4<f32>, ${t}>;
        var dotProd : array<vec4<f32>, ${this.workPerThread}>;
        for (var i = 0; i < ${this.workPerThread}; i++) {
          dotProd[i] = vec4<f32>(0.0);
        }

        // Use constant instead of uniform can give better performance.
        for (var wR = 0; wR < ${this.convInfo.filterHeight}; wR = wR + 1) {
          let xR = xRCorner + wR;
          if (xR >=0 && xR < uniforms.inDims[0]) {
            for (var i = 0; i < ${t}; i++) {
              xVals[i] = readX(batch, xR, xCCorner + i, d1);
            }
            for (var wC = 0; wC < ${this.convInfo.filterWidth}; wC = wC + 1) {
              let wValue = getW(wR, wC, d1, 0);
              for (var i = 0; i < ${this.workPerThread}; i++) {
                dotProd[i] = fma(xVals[i * ${o} + wC], wValue, dotProd[i]);
              }
            }
          }
        }

        for (var i = 0; i < ${this.workPerThread}; i = i + 1) {
          let coords = vec4<i32>(batch, r, c + i, d1);
          if (coordsInBounds4D(coords, uniforms.outShape)) {
            var value = dotProd[i];
            ${H(this.addBias,this.activation)}
            setOutputAtCoords(coords[0], coords[1], coords[2], coords[3], value);
          }
        }
      }
    `}};var ze=class{constructor(t,e=!1,o=null,r=!1){this.variableNames=["x","W"],this.uniforms=`pads : vec2<i32>, inDims : vec2<i32>, filterHeight : i32,
      filterWidth : i32, strides : vec2<i32>, dilations : vec2<i32>,`,this.workgroupSize=[256,1,1],this.size=!0,this.outputShape=t.outShape,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize),this.isChannelsLast=t.dataFormat==="channelsLast",e&&this.variableNames.push("bias"),r&&this.variableNames.push("preluActivationWeights"),this.convInfo=t,this.addBias=e,this.activation=o,this.hasPreluActivation=r,this.shaderKey=`depthwise_${this.activation}_${this.isChannelsLast}`}getUserCode(){let t=this.isChannelsLast?"getX(batch, xR, xC, d1);":"getX(batch, d1, xR, xC);";return`
      ${F(this.activation,this.hasPreluActivation,!1,4)}

      ${b("index")} {
        if (index < uniforms.size) {
          let coords = getOutputCoords();
          let batch = coords[0];
          let xRCCorner = vec2<i32>(coords.${this.isChannelsLast?"yz":"zw"}) * uniforms.strides - uniforms.pads;
          let d2 = coords[${this.isChannelsLast?3:1}];
          let channelMul = uniforms.wShape[3];
          let d1 = d2 / channelMul;
          let q = d2 % channelMul;

          let inputRowStart = xRCCorner.x;
          let inputColStart = xRCCorner.y;
          let inputRowEnd = inputRowStart + uniforms.filterHeight *
              uniforms.dilations[0];
          let inputColEnd = inputColStart + uniforms.filterWidth *
              uniforms.dilations[1];

          // Convolve x(?, ?, d1)|x(d1, ?, ?) with w(:, :, d1, q) to get
          // y(yR, yC, d2)|y(d2, yR, yC). ? = to be determined. : = across all
          // values in that axis. x(?, ?, d1) and y(yR, yC, d2) is for NHWC.
          // x(d1, ?, ?) and y(d2, yR, yC) is for NCHW.
          var value = 0.0;

          // Extract if checking out of for loop for performance.
          if (inputRowStart >= 0 && inputColStart >= 0 &&
            inputRowEnd < uniforms.inDims[0] &&
                inputColEnd < uniforms.inDims[1]) {
              for (var wR = 0; wR < uniforms.filterHeight; wR = wR + 1) {
                let xR = inputRowStart + wR * uniforms.dilations[0];

                for (var wC = 0; wC < uniforms.filterWidth; wC = wC + 1) {
                  let xC = inputColStart + wC * uniforms.dilations[1];

                  let xVal = ${t};
                  let wVal = getW(wR, wC, d1, q);
                  value = value + xVal * wVal;
                }
              }
            } else {
              for (var wR = 0; wR < uniforms.filterHeight; wR = wR + 1) {
                let xR = inputRowStart + wR * uniforms.dilations[0];

                if (xR < 0 || xR >= uniforms.inDims[0]) {
                  continue;
                }

                for (var wC = 0; wC < uniforms.filterWidth; wC = wC + 1) {
                  let xC = inputColStart + wC * uniforms.dilations[1];

                  if (xC < 0 || xC >= uniforms.inDims[1]) {
                    continue;
                  }

                  let xVal = ${t};
                  let wVal = getW(wR, wC, d1, q);
                  value = value + xVal * wVal;
                }
              }
            }
            ${H(this.addBias,this.activation)}
          setOutputAtCoords(coords[0], coords[1], coords[2], coords[3], value);
        }
      }
    `}};function vr(s){let{inputs:t,backend:e,attrs:o}=s,{x:r,filter:i,bias:a,preluActivationWeights:n}=t,{strides:u,pad:c,dilations:l,dimRoundingMode:m,activation:h,leakyreluAlpha:f}=o,d=l;d==null&&(d=[1,1]),g.assert(w.eitherStridesOrDilationsAreOne(u,d),()=>`Error in depthwiseConv2d: Either strides or dilations must be 1. Got strides ${u} and dilations '${d}'`);let p=w.computeConv2DInfo(r.shape,i.shape,u,d,c,m,!0),x=[r,i],C=a!=null,R=n!=null;C&&x.push(a),R&&x.push(n);let $=[{type:"int32",data:[p.padInfo.top,p.padInfo.left]},{type:"int32",data:[p.inHeight,p.inWidth]}],y;return p.outHeight>4&&p.outWidth>4&&p.strideWidth<=2&&p.inChannels===p.outChannels&&p.dilationHeight===1&&p.dilationWidth===1&&p.inChannels%4===0?(y=new Fe(p,C,h,R),$.push({type:"int32",data:[y.virtualWidth]})):(y=new ze(p,C,h,R),$.push({type:"int32",data:[p.filterHeight]},{type:"int32",data:[p.filterWidth]},{type:"int32",data:[p.strideHeight,p.strideWidth]},{type:"int32",data:[p.dilationHeight,p.dilationWidth]})),h==="leakyrelu"&&($.push({type:"float32",data:[f]}),y.uniforms+=" alpha : f32,"),e.runWebGPUProgram(y,x,"float32",$)}var os={kernelName:ut,backendName:"webgpu",kernelFunc:vr};var $r=te({opType:A.MUL,cpuKernelImpl:Tt,supportsComplex:!0}),rs={kernelName:ot,backendName:"webgpu",kernelFunc:$r};var Ir=_t({opType:S.RELU}),is={kernelName:rt,backendName:"webgpu",kernelFunc:Ir};var Oe=class{constructor(t,e){this.variableNames=["source"],this.workPerThread=1,this.workgroupSize=[64,1,1],this.size=!0,this.outputShape=e,this.rank=e.length,this.dispatchLayout=E(this.outputShape),this.dispatch=v(this.dispatchLayout,this.outputShape,this.workgroupSize,[this.workPerThread,1,1]),this.start=t,this.uniforms=`start : ${U(t.length)}, `,this.shaderKey="slice"}getUserCode(){let t=U(this.rank),e=Rr(this.rank),o;return this.start.length===1?o=this.outputShape.map((i,a)=>"sourceLoc = uniforms.start + coords;"):o=this.outputShape.map((i,a)=>`sourceLoc.${Xe[a]} = uniforms.start.${X(a)} + coords.${Xe[a]};`),`
      ${b("index")} {
        if (index < uniforms.size) {
          var sourceLoc : ${t};
          let coords = getCoordsFromIndex(index);
          ${o.join(`
`)}
          setOutputAtIndex(index, getSource(${e}));
        }
      }
    `}},Xe=["x","y","z","w","u","v"];function Rr(s){if(s===1)return"sourceLoc";if(s<=6)return Xe.slice(0,s).map(t=>`sourceLoc.${t}`).join(",");throw Error(`Slicing for rank ${s} is not yet supported`)}function Ar(s){let{inputs:t,backend:e,attrs:o}=s,{x:r}=t,{begin:i,size:a}=o,[n,u]=Ge.parseSliceParams(r,i,a);if(Ge.assertParamsValid(r,n,u),e.shouldExecuteOnCPU([r])||r.dtype==="string"){let m=e.tensorMap.get(r.dataId),h=Ft(m.values,n,u,r.shape,r.dtype);return e.makeTensorInfo(u,r.dtype,h)}if(g.sizeFromShape(u)===0)return e.makeTensorInfo(u,r.dtype,[]);let c=new Oe(n,u),l=[{type:"int32",data:n}];return e.runWebGPUProgram(c,[r],r.dtype,l)}var as={kernelName:at,backendName:"webgpu",kernelFunc:Ar};var yr=te({opType:A.SUB,cpuKernelImpl:zt,supportsComplex:!0}),ns={kernelName:"Sub",backendName:"webgpu",kernelFunc:yr};for(let s of[Wt,Qt,jt,Zt,ss,os,Bt,rs,is,Gt,as,ns])dt(s);var us=["validation","out-of-memory","internal"],de=null,Ye=null;async function Er(){let s={powerPreference:"high-performance"},t=await navigator.gpu.requestAdapter(s);if(!t)throw new Error("there is no adapter");de=await t.requestDevice(),D().set("WEBGPU_CPU_FORWARD",!1),D().set("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE",1),Ye=new ae(de,t.info),pt("webgpu",()=>Ye)}async function Br(s){for(let a of us)de.pushErrorScope(a);let t=s().then(a=>({value:a}),a=>({error:a})),{value:e,error:o}=await t,r=await Promise.all(us.map(()=>de.popErrorScope())),i=o??r.find(a=>a);if(i)throw new Error(i.message);return e}function _r(){let s=Ye.bufferManager;for(let t of s.freeBuffers.values())for(let e of t.splice(0))s.numBytesAllocated-=e.size,s.numFreeBuffers-=1,e.destroy()}var Dr=()=>de?.destroy();return ws(kr);})();
return webgpu};
